import { plainLine } from '../../domain/text/plain-text';
import type { Inline } from '../inline';
import { textBar } from '../text-bar';

/** Escapes the Markdown that Teams renders in cards: formatting, links and mentions. */
export const escapeMarkdown = (value: string): string =>
  value.replace(/[\\`*_[\]()#~<>|]/g, '\\$&').replace(/^(\s*)([-+]|\d+\.)(\s)/gm, '$1\\$2$3');

/** Escapes text but keeps a leading and a trailing space. */
const spaced = (part: string, maxChars: number) =>
  `${/^\s/.test(part) ? ' ' : ''}${escapeMarkdown(plainLine(part, maxChars))}${/\S\s+$/.test(part) ? ' ' : ''}`;

export function toMarkdown(line: readonly Inline[], maxChars: number): string {
  return line
    .map((part) => {
      if (typeof part === 'string') return spaced(part, maxChars);
      if ('bold' in part) return `**${escapeMarkdown(part.bold)}**`;
      if ('alarm' in part) return `⚠️ **${escapeMarkdown(part.alarm)}**`;
      if ('code' in part) return escapeMarkdown(plainLine(part.code, maxChars));
      if ('bar' in part) return textBar(part.bar);
      if ('link' in part)
        return `[${escapeMarkdown(part.text)}](${part.link.replace(/[()\s]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)})`;
      const iso = `${part.time.slice(0, 19)}Z`;
      return `{{DATE(${iso},SHORT)}} {{TIME(${iso})}}`;
    })
    .join('');
}
