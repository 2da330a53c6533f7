import { plainBlock } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { ThreadPart } from '../thread';
import { fitted, type Json, text } from './card-elements';
import { escapeMarkdown, toMarkdown } from './markdown';

const maxThreadLines = 60;

/** An alert's thread, as a reply. The card contains its id, so that a search can find it. */
export const toThreadCard = (id: string, parts: readonly ThreadPart[]): Json => {
  const body = parts.flatMap(({ heading, lines, code }) => [
    text(escapeMarkdown(heading), { weight: 'Bolder', separator: true }),
    ...lines.slice(0, maxThreadLines).map((line) => text(toMarkdown(line, 500), { spacing: 'None' })),
    ...(lines.length > maxThreadLines
      ? [text(t`… and ${lines.length - maxThreadLines} more, in the console`, { spacing: 'None' })]
      : []),
    ...(code
      ? [
          {
            type: 'TextBlock',
            wrap: true,
            fontType: 'Monospace',
            text: escapeMarkdown(plainBlock(code, 8000)),
          },
        ]
      : []),
  ]);
  return { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'Container', id, items: fitted(body) }] };
};
