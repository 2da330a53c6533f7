/**
 * Makes untrusted text (names, tags, scripts, answers) safe to show on one line. Removes control characters,
 * ANSI codes, bidirectional and zero-width marks; collapses whitespace; limits the length.
 * @param max longest result in UTF-16 units, as Slack and Teams count, including the ellipsis
 */
export function plainLine(text: unknown, max = 200): string {
  if (typeof text === 'string' && text.length <= max && plain.test(text)) return text;
  return cut(
    strip(asString(text).slice(0, max * 4 + 64))
      .replace(/\s+/gu, ' ')
      .trim(),
    max,
  );
}

/** Like {@link plainLine}, but keeps line breaks and tabs: for scripts and their output. */
export function plainBlock(text: unknown, max = 2500): string {
  return cut(
    strip(
      asString(text)
        .slice(0, max * 4 + 64)
        .replace(/\r\n?/g, '\n'),
    ).trim(),
    max,
  );
}

/** Fast path: visible ASCII and our own punctuation with single spaces need no cleanup. */
const plain = /^[!-~·–—‘’“”…]+(?: [!-~·–—‘’“”…]+)*$/;

const asString = (text: unknown) =>
  typeof text === 'string' ? text : text === null || text === undefined ? '' : String(text);

function strip(text: string): string {
  return text
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)?/gu, '')
    .replace(/[\u2028\u2029\u0085]/gu, '\n')
    .replace(/(?![\n\t])[\p{Cc}]|\u034F|[\p{Cf}\p{Co}\p{Cs}\u115F\u1160\u17B4\u17B5\u3164\uFFA0]/gu, '');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts between graphemes, so no visible character is split. Chats count UTF-16 units. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  // Only the text near the cut matters, and segmenting all of it would be slow.
  const from = Math.max(0, max - 200);
  const end = graphemes.segment(text.slice(from, max + 200)).containing(max - 1 - from);
  return `${text.slice(0, from + (end?.index ?? 0))}…`;
}
