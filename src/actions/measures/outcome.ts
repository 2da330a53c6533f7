import { t } from '../../domain/text/translate';
import type { Target } from './measure-kind';

/** The result of a press on one target. */
export interface Outcome {
  target: Target;
  result: 'done' | 'joined' | 'refused' | 'failed';
  text: string;
}

/** A summary of the results for the presser; null if the alert's message already shows everything. */
export function describeOutcomes(outcomes: readonly Outcome[]): string | null {
  const [only] = outcomes;
  const lacking = outcomes.filter(({ result }) => result !== 'done');
  if (lacking.length === 0) return null;
  if (outcomes.length === 1 && only) return only.text;
  const done = outcomes.length - lacking.length;
  const lines = lacking.slice(0, 10).map(({ target, text }) => `${target.name}: ${text}`);
  const more = lacking.length > 10 ? [t`and ${lacking.length - 10} more; see the thread for all`] : [];
  return [t`${done} of ${outcomes.length} succeeded.`, ...lines, ...more].join('\n');
}
