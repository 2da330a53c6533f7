import { plainLine } from '../../domain/text/plain-text';

/** A plain_text object that Slack shows verbatim: `:x:` in a name does not become an emoji. @param max characters */
export const plain = (text: string, max = 75) => ({
  type: 'plain_text' as const,
  text: plainLine(text, max),
  emoji: false,
});
