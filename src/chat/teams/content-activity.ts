import type { Activity } from '@microsoft/agents-activity';
import { plainLine } from '../../domain/text/plain-text';
import type { Content } from '../surface';
import { type CardView, toCard } from './card';
import { toNoticeCard } from './notice-cards';
import { toCardActivity } from './teams-people';
import { toThreadCard } from './thread-card';

/** The activity that shows a message, a thread or a notice. */
export function toActivity(content: Content, view: CardView): Activity {
  switch (content.kind) {
    case 'alert':
      return toCardActivity(toCard(content.model, view), content.model.summary);
    case 'thread':
      return toCardActivity(toThreadCard(content.id, content.parts));
    case 'notice':
      return toCardActivity(
        toNoticeCard(content.id, content.text, content.actions ?? []),
        plainLine(content.text, 120),
      );
  }
}
