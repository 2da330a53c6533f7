import type { KnownBlock } from '@slack/types';
import { plainBlock } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { ThreadPart } from '../thread';
import { section } from './blocks';
import { escapeMrkdwn, toMrkdwn } from './mrkdwn';
import { tableBlock } from './table-block';

const sectionText = 3000;
const maxBlocks = 48;
const shownCode = 12_000;

/**
 * Converts an alert's thread to blocks within Slack's limits.
 * @param tables false where Slack doesn't take table blocks: then all is text
 */
export function toThreadBlocks(parts: readonly ThreadPart[], { tables = true } = {}): KnownBlock[] {
  const inTable = tables ? parts.find(({ table }) => table) : undefined;
  const blocks = parts.flatMap((part): KnownBlock[] => {
    const { heading, lines, code } = part;
    const table = part === inTable && part.table ? tableBlock(part.table.columns, part.table.rows) : null;
    return [
      ...(table ? [...sections([heading]), table.block] : []),
      ...sections([table ? '' : heading, ...lines.slice(table?.rowCount ?? 0).map(toMrkdwn)]),
      ...(code ? codeSections(code).map(section) : []),
      ...(code && code.length > shownCode
        ? [section(t`_Truncated. The full script is on the alert’s page in the console._`)]
        : []),
    ];
  });
  const shown = blocks.slice(0, maxBlocks);
  if (blocks.length > shown.length) shown.push(section(t`_The rest is in the console._`));
  return shown;
}

/** Lines below a heading in bold; no heading if it is empty. */
function sections([heading = '', ...lines]: readonly string[]): KnownBlock[] {
  const texts = inSections([...(heading ? [`*${escapeMrkdwn(heading)}*`] : []), ...lines], '\n');
  return texts.map((text) => ({ ...section(text), expand: true }));
}

/** Puts code in a fence that the code itself cannot close. */
function codeSections(code: string): string[] {
  const safe = plainBlock(code, shownCode)
    .replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c)
    .replace(/```/g, "'''");
  const pieces = safe
    .split('\n')
    .flatMap((line) => (line.length > 2800 ? (line.match(/.{1,2800}/g) ?? []) : [line]));
  return inSections(pieces, '\n', 2900).map((piece) => `\`\`\`${piece}\`\`\``);
}

function inSections(lines: readonly string[], glue: string, most = sectionText): string[] {
  const out: string[] = [];
  for (const line of lines) {
    const last = out.at(-1);
    if (last !== undefined && last.length + line.length + glue.length <= most)
      out[out.length - 1] = last + glue + line;
    else out.push(line.slice(0, most));
  }
  return out;
}
