import type { KnownBlock } from '@slack/types';
import { plainBlock } from '../../domain/text/plain-text';
import type { ThreadPart } from '../thread';
import { escapeMrkdwn, toMrkdwn } from './mrkdwn';

const sectionText = 3000;
const maxBlocks = 48;
const shownCode = 12_000;

/** Converts an alert's thread to sections within Slack's limits. */
export function toThreadBlocks(parts: readonly ThreadPart[]): KnownBlock[] {
  const texts = parts.flatMap(({ heading, lines, code }) => [
    ...inSections([`*${escapeMrkdwn(heading)}*`, ...lines.map(toMrkdwn)], '\n'),
    ...(code ? codeSections(code) : []),
    ...(code && code.length > shownCode
      ? ['_Truncated. The full script is on the alert’s page in the console._']
      : []),
  ]);
  const shown = texts.slice(0, maxBlocks);
  if (texts.length > shown.length) shown.push('_The rest is in the console._');
  return shown.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }));
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
