import type { FormValues } from '../../../actions/form';
import { defaultExceptionDays, readExceptionForm } from '../../../actions/triage/exception-form';
import type { Alert } from '../../../domain/alerts/alert';
import { type Backtest, backtest } from '../../../domain/exceptions/backtest';
import type { Match } from '../../../domain/exceptions/exception';
import { assessException } from '../../../domain/exceptions/exception-policy';
import { toMoment } from '../../../domain/exceptions/exceptions-file';
import { matchFactsOf } from '../../../domain/exceptions/match-facts';
import { matchWords } from '../../../domain/exceptions/match-words';
import { techniquesWithoutScript } from '../../../domain/exceptions/unknown-scripts';
import type { Presser } from '../../../domain/people/person';
import { translate } from '../../../domain/text/translate';

const day = 86_400_000;

export interface PreviewDeps {
  /** Alerts of the last 30 days, newest first. Bounded. */
  recentAlerts: () => Promise<Alert[]>;
  /** Longest duration of an exception, in days. */
  maxExceptionDays: number;
  now: () => number;
}

/** What the conditions as typed would match. */
export type Preview =
  | { faults: Record<string, string> }
  | {
      conditions: string;
      tested: Backtest;
      /** The newest alerts that it would have suppressed. */
      newest: Alert[];
      refused: string | null;
      /** Why a second person must approve it, as far as the recent alerts tell. */
      needsApproval: string | null;
      /** Techniques whose script Azure does not log, so that the script conditions never match. */
      withoutScript: string[];
    };

const shownAlerts = 5;

/** Reads only the conditions of what was typed, and compares them with recent alerts. */
export async function previewOf(values: FormValues, by: Presser, deps: PreviewDeps): Promise<Preview> {
  const now = deps.now();
  const usual = new Date(now + defaultExceptionDays * day).toISOString().slice(0, 10);
  const expires = values.expires && toMoment(values.expires.trim()) ? values.expires : usual;
  const read = readExceptionForm({ ...values, reason: '-', owner: '-', expires, review: '', ticket: '' });
  if ('faults' in read) return read;
  const match = read.input.match as Match;
  const silenceCritical = read.input.silenceCritical === true;
  const alerts = await deps.recentAlerts();
  const tested = backtest({ match, silenceCritical }, alerts, matchFactsOf);
  const wanted = new Set(tested.silenced.slice(0, shownAlerts));
  const policy = { now, maxDays: deps.maxExceptionDays, alerts, by };
  const judged = assessException(
    { match, expires: toMoment(expires.trim()) ?? expires, silenceCritical },
    policy,
  );
  return {
    conditions: matchWords(match),
    tested,
    newest: alerts.filter(({ id }) => wanted.has(id)),
    refused: judged.refused ?? null,
    needsApproval: judged.needsApproval ?? null,
    withoutScript: (techniquesWithoutScript(match) ?? []).map(({ title }) => translate(title).toLowerCase()),
  };
}
