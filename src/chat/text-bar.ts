const steps = '▁▂▃▄▅▆▇█';

/** Counts as a bar of text, for surfaces that can't draw. */
export function textBar(counts: readonly number[]): string {
  const top = Math.max(...counts, 1);
  return counts.map((count) => steps[Math.ceil((count / top) * (steps.length - 1))]).join('');
}
