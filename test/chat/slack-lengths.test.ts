import { plainLine } from '../../src/domain/text/plain-text';

test.each([
  ['emoji', '🔥'.repeat(80), 100],
  ['emoji with a skin tone', '👍🏽'.repeat(80), 75],
  ['flags', '🇩🇪'.repeat(80), 24],
  ['letters with combining marks', 'e\u0301'.repeat(200), 100],
  ['plain letters', 'a'.repeat(200), 100],
])('%s are cut to the length that Slack counts, never inside a visible character', (_, text, max) => {
  const cut = plainLine(text, max);
  expect(cut.length).toBeLessThanOrEqual(max);
  expect(cut.length).toBeGreaterThan(max - 16);
  expect(cut.endsWith('…')).toBe(true);
  const whole = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const first = [...whole.segment(plainLine(text, 10_000))][0]?.segment;
  expect(new Set([...whole.segment(cut.slice(0, -1))].map(({ segment }) => segment))).toEqual(
    new Set([first]),
  );
});
