import type { AuditDraft } from '../../domain/audit/audit-chain';
import { type Measure, type MeasureStep, signedPart } from '../../domain/measures/measure';
import { machineSubject } from '../../domain/measures/subjects';
import { t } from '../../domain/text/translate';
import type { ActionDeps, CheckedPress } from '../action';
import { auditOf } from '../audit-of';
import { PermanentError } from './failures';
import type { Step, Target } from './measure-kind';

/**
 * Signs the fields that decide what is done to which target, so that write access to Redis is not enough to
 * forge them.
 */
export const signed = (
  { keyring }: Pick<ActionDeps, 'keyring'>,
  measure: Omit<Measure, 'signature'>,
): Measure => ({
  ...measure,
  signature: keyring.sign('measure', signedPart(measure as Measure)),
});

export const isGenuine = (measure: Measure, { keyring }: Pick<ActionDeps, 'keyring'>): boolean =>
  keyring.verify('measure', signedPart(measure), measure.signature);

export const tamperedError = ({ name }: Measure) =>
  new PermanentError(t`the Redis record of ${name} was modified outside Runwatch, so it is not used`);

export const draft = (
  press: CheckedPress,
  measure: Pick<Measure, 'target'>,
  result: AuditDraft['result'],
  why: string | null = null,
  details?: Record<string, unknown>,
): AuditDraft => ({
  ...auditOf(press, null, result, why, {
    ...details,
    ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
  }),
  object: measure.target,
});

export const withAlert = (alerts: readonly string[], id: string) =>
  id && !alerts.includes(id) ? [...alerts, id].slice(-50) : [...alerts];

export const waiting = (steps: readonly Step[]): MeasureStep[] =>
  steps.map(({ words }) => ({ words, state: 'waiting' }));

export const wordsOf = (steps: readonly MeasureStep[]) => steps.map(({ words }) => words);

/** Updates every alert that shows the measure. */
export async function showAll(
  measure: Measure,
  store: ActionDeps['store'],
  show: ActionDeps['show'],
): Promise<void> {
  const ids = await store.measures.alertsOn(measure.subjects);
  await show(...new Set([...measure.alerts, ...ids]));
}

/** The actor for what Runwatch does by itself. */

export const machineSubjects = ({ id }: Target): string[] => [machineSubject(id)];
