import { plainLine } from '../text/plain-text';
import { t, translate } from '../text/translate';
import type { Alert } from './alert';
import type { Reason, ReasonChange, ScoreChange, Severity } from './severity';

const keptChanges = 20;
const rank: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

export const changesSeverity = ({ from, to }: ScoreChange): boolean => from.severity !== to.severity;

export const isRaised = ({ from, to }: ScoreChange): boolean => rank[to.severity] > rank[from.severity];

/** The latest change of the severity. */
export const lastSeverityChange = ({ scoreChanges }: Pick<Alert, 'scoreChanges'>): ScoreChange | undefined =>
  scoreChanges.findLast(changesSeverity);

/** Notes how the score and the reasons of a shown alert changed. @param before as it was stored */
export function withLaterChanges(before: Alert | null, after: Alert, at: string): Alert {
  if (!before?.announced) return after;
  const known = byId(before.reasons);
  const reasons = after.reasons.map((reason): Reason => {
    const addedAt = known.has(reason.id) ? known.get(reason.id)?.addedAt : at;
    return addedAt ? { ...reason, addedAt } : reason;
  });
  const changed = reasonChanges(before.reasons, reasons);
  const [from, to] = [before, after].map(({ score, severity }) => ({ score, severity })) as [Scored, Scored];
  if (changed.length === 0 && from.score === to.score) return { ...after, reasons };
  const change = { at, from, to, reasons: changed };
  return { ...after, reasons, scoreChanges: withChange(after.scoreChanges, change) };
}

type Scored = ScoreChange['to'];

const byId = (reasons: readonly Reason[]) => new Map(reasons.map((reason) => [reason.id, reason]));

/** What differs, the largest effect on the score first. Reasons stored before 0.2 can't be compared. */
function reasonChanges(before: readonly Reason[], after: readonly Reason[]): ReasonChange[] {
  const [known, now] = [byId(before), byId(after)];
  if (known.has(undefined)) return [];
  const brief = (text: string) => plainLine(text, 200);
  const changes = [
    ...after.flatMap(({ id = '', points, text }): ReasonChange[] => {
      const old = known.get(id);
      if (!old) return [{ id, kind: 'added', text: brief(text), points }];
      if (old.text === text && old.points === points) return [];
      return [{ id, kind: 'changed', text: brief(text), was: brief(old.text), points: points - old.points }];
    }),
    ...before
      .filter(({ id }) => !now.has(id))
      .map(({ id = '', points, text }): ReasonChange => {
        return { id, kind: 'removed', text: brief(text), points: -points };
      }),
  ];
  return changes.sort((a, b) => Math.abs(b.points ?? 0) - Math.abs(a.points ?? 0));
}

/** A burst that grows changes its texts often, so such changes become one. Changes of severity are kept longest. */
function withChange(changes: readonly ScoreChange[], change: ScoreChange): ScoreChange[] {
  const last = changes.at(-1);
  if (last && isRewording(last) && isRewording(change)) {
    const earlier = new Map(last.reasons.map((reason) => [reason.id, reason]));
    for (const reason of change.reasons)
      earlier.set(reason.id, { ...reason, ...wasOf(earlier.get(reason.id)) });
    const reasons = [...earlier.values()].filter(({ was, text }) => was !== text);
    return [...changes.slice(0, -1), ...(reasons.length > 0 ? [{ ...change, reasons }] : [])];
  }
  const all = [...changes, change];
  const dropped = Math.max(
    0,
    all.findIndex((one) => !changesSeverity(one)),
  );
  return all.length > keptChanges ? all.toSpliced(dropped, 1) : all;
}

const isRewording = ({ from, to, reasons }: ScoreChange): boolean =>
  from.score === to.score && reasons.every(({ kind, points }) => kind === 'changed' && points === 0);

const wasOf = (reason: ReasonChange | undefined) => (reason?.was === undefined ? {} : { was: reason.was });

/** "raised from medium to critical: 12 machines in 3 minutes". */
export function severityChangeText(change: ScoreChange): string {
  const direction = isRaised(change) ? 1 : -1;
  const why = change.reasons
    .filter(({ points = direction }) => Math.sign(points) === direction)
    .slice(0, 3)
    .map(({ kind, text }) => `${kind === 'removed' ? t`no longer ` : ''}${plainLine(text, 100)}`);
  const verb = direction > 0 ? t`raised` : t`lowered`;
  return t`${verb} from ${translate(change.from.severity)} to ${translate(change.to.severity)}${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
}
