import { actionOf } from '../../actions/registry';
import { t } from '../../domain/text/translate';
import type { HomeAction, HomePart } from '../home-part';
import type { CardView } from './card';
import { fitted, text } from './card-elements';
import { escapeMarkdown, toMarkdown } from './markdown';

type Json = Record<string, unknown>;

/** A person's home page as a card: it is sent to a personal chat, since Teams' home tab needs a web page of ours. */
export const toHomeCard = (parts: readonly HomePart[], { dialogs }: CardView): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: fitted(
    parts.flatMap(({ heading, rows, none, more }) => [
      text(escapeMarkdown(heading), { weight: 'Bolder', size: 'Medium', separator: true }),
      ...rows.flatMap(({ line, actions }) => [
        text(toMarkdown(line, 300)),
        ...(actions.length > 0
          ? [{ type: 'ActionSet', actions: actions.map((action) => toButton(action, dialogs)) }]
          : []),
      ]),
      ...(rows.length === 0 ? [text(escapeMarkdown(none), { isSubtle: true })] : []),
      ...(more > 0 ? [text(t`… and ${more} more`, { isSubtle: true })] : []),
    ]),
  ),
});

/** A form or a confirmation opens first. */
function toButton({ id, label, value, confirm }: HomeAction, dialogs: boolean | undefined): Json {
  const action = actionOf(id);
  const data = action?.about === 'exception' ? { exceptionId: value } : { alertId: value };
  const opensFirst = action?.about === 'alert' && (confirm || action.fields);
  return dialogs && opensFirst
    ? { type: 'Action.Submit', title: label, data: { msteams: { type: 'task/fetch' }, verb: id, ...data } }
    : { type: 'Action.Execute', title: label, verb: id, data };
}
