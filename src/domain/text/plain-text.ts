/**
 * Text from strangers (names, tags, scripts, answers) made fit to show on one line: control characters, ANSI
 * codes, bidirectional and zero-width marks are taken out, white space is folded, length is capped.
 * @param max longest result in UTF-16 units, as Slack and Teams count, the ellipsis included
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

/** As {@link plainLine}, but line breaks and tabs stay: for scripts and their output. */
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

/** Words of visible ASCII and our own punctuation, one space between them: nothing to take out. */
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

/** Cuts between what a reader sees as characters; chats count UTF-16 units. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  // What comes well before the end decides nothing, and segmenting it would take long.
  const from = Math.max(0, max - 200);
  const end = graphemes.segment(text.slice(from, max + 200)).containing(max - 1 - from);
  return `${text.slice(0, from + (end?.index ?? 0))}…`;
}
