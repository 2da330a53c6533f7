const steps = '▁▂▃▄▅▆▇█';

/** Draws counts as a text bar chart, for surfaces without graphics. */
export function textBar(counts: readonly number[]): string {
  const top = Math.max(...counts, 1);
  return counts.map((count) => steps[Math.ceil((count / top) * (steps.length - 1))]).join('');
}
