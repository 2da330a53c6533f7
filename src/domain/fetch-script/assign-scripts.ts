import type { Candidate } from './read-answers';

/** A run of an action run command: when it started and, if it ended, when. Times in ms. */
export interface RunTime {
  key: string;
  startedAt: number;
  endedAt: number | null;
}

export interface Assigned {
  /** How each script was assigned to its command; null if that can't be told. */
  by: 'time' | 'order' | null;
  /** Assigned scripts, or all that it could be, newest first. */
  scripts: { candidate: Candidate; key: string | null }[];
}

/** The machine's clock may differ by this much, ms. */
const skewMs = 2 * 60_000;
/** An action run command may take this long, ms. */
const longestMs = 90 * 60_000;

const fits = ({ at }: Candidate, { startedAt, endedAt }: RunTime) =>
  at >= startedAt - skewMs && at <= (endedAt ?? startedAt + longestMs) + skewMs;

/** Tells which scripts belong to which commands, by the files' times and numbers. */
export function assignScripts(candidates: readonly Candidate[], runs: readonly RunTime[]): Assigned {
  const ordered = runs.toSorted((a, b) => a.startedAt - b.startedAt);
  const fitting = ordered.map((run) => candidates.filter((candidate) => fits(candidate, run)));
  const possible = candidates.filter((candidate) => fitting.some((some) => some.includes(candidate)));
  const inOrder = possible.toSorted((a, b) => a.at - b.at || a.run - b.run);
  const isOneEach = fitting.every((some) => some.length === 1);
  const pairs = ordered.flatMap((run, index) => {
    const candidate = inOrder[index];
    return candidate && fits(candidate, run) ? [{ candidate, key: run.key }] : [];
  });
  const isComplete = runs.length > 0 && possible.length === runs.length && pairs.length === runs.length;
  const hasSameOrder = inOrder.every(
    ({ run }, index) => index === 0 || run > (inOrder[index - 1]?.run ?? -1),
  );
  if (isComplete && (isOneEach || hasSameOrder)) return { by: isOneEach ? 'time' : 'order', scripts: pairs };
  const shown = possible.length > 0 ? possible : candidates;
  return { by: null, scripts: shown.map((candidate) => ({ candidate, key: null })) };
}
