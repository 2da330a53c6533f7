import type {
  HealthReport,
  SubscriptionReport,
  SurfaceReport,
} from '../../../domain/system-health/health-report';
import { durationWords } from '../../../domain/text/duration';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t } from '../../../domain/text/translate';
import { sourceName } from '../people';

/** bad: commands may be missed, or alerts are late. limited: both work, and something else does not. */
export type Level = 'ok' | 'starting' | 'limited' | 'bad';

export interface Verdict {
  level: Level;
  headline: string;
  says: string;
  /** What is not known, so that nothing is said of it. */
  unknown: string[];
}

/** Messages that wait longer are late, ms. */
const lateAfterMs = 120_000;
/** Azure refuses these; repeating the request does not help. */
const refusals = [401, 403, 404];

export type ReadState = 'behind' | 'starting' | 'retrying' | 'read';

/** How far behind a subscription's log is, ms; null if nothing of it was read. */
export const lagOf = ({ readTo }: SubscriptionReport, { at }: HealthReport): number | null =>
  readTo === null ? null : Math.max(0, Date.parse(at) - Date.parse(readTo));

export function readStateOf(subscription: SubscriptionReport, report: HealthReport): ReadState {
  const { error, status } = subscription;
  const lag = lagOf(subscription, report);
  if (error !== null && refusals.includes(status ?? 0)) return 'behind';
  if (lag === null) return error === null ? 'starting' : 'behind';
  if (lag > report.staleAfterMs) return 'behind';
  return error === null ? 'read' : 'retrying';
}

/** How long the oldest message has waited, ms; 0 if none waits. */
export const waitOf = ({ waitsSince }: SurfaceReport, { at }: HealthReport): number =>
  waitsSince === null ? 0 : Math.max(0, Date.parse(at) - Date.parse(waitsSince));

export const isLate = (surface: SurfaceReport, report: HealthReport): boolean =>
  waitOf(surface, report) > lateAfterMs;

/** What somebody who is woken at night needs to know first. */
export function verdictOf(report: HealthReport): Verdict {
  const { problems, subscriptions, surfaces, permissions } = report;
  const states = subscriptions.map((one) => readStateOf(one, report));
  const behind = states.filter((state) => state === 'behind').length;
  const starting = states.filter((state) => state === 'starting').length;
  const unknown = unknownOf(report);
  const broken = [
    subscriptions.length === 0 && t`Runwatch sees no subscription, so it sees no commands.`,
    behind > 0 &&
      t`Commands may go unnoticed: ${behind} of ${counted(subscriptions.length, '# subscription', '# subscriptions')} can’t be read or are behind.`,
    ...surfaces.flatMap((one) => surfaceFault(one, report) ?? []),
  ].filter((line) => line !== false);
  if (broken.length > 0 || problems.length > 0) {
    const headline = counted(
      Math.max(problems.length, broken.length),
      '# problem needs attention.',
      '# problems need attention.',
    );
    const rest = t`The subscriptions are being read and messages are delivered; the problems are below.`;
    return { level: 'bad', headline, says: broken.join(' ') || rest, unknown };
  }
  if (starting > 0)
    return {
      level: 'starting',
      headline: t`Starting.`,
      says: t`${subscriptions.length - starting} of ${counted(subscriptions.length, '# subscription', '# subscriptions')} read so far. Until all are, commands may go unnoticed.`,
      unknown,
    };
  const worst = Math.max(...subscriptions.map((one) => lagOf(one, report) ?? 0));
  const reads = t`${counted(subscriptions.length, 'The subscription is', 'All # subscriptions are')} read, at most ${durationWords(worst)} behind.`;
  const says = `${reads} ${deliveryLine(report)}`;
  if (permissions.lacking.length > 0)
    return {
      level: 'limited',
      headline: t`Alerts work, but some responses would fail.`,
      says: `${says} ${t`Runwatch’s identity lacks permissions; see below.`}`,
      unknown,
    };
  return { level: 'ok', headline: t`Healthy.`, says, unknown };
}

function surfaceFault(surface: SurfaceReport, report: HealthReport): string | null {
  const name = sourceName(surface.name);
  const { waiting, error } = surface;
  if (isLate(surface, report))
    return t`Alerts are late: ${counted(waiting, '# message has', '# messages have')} waited for ${name} for up to ${durationWords(waitOf(surface, report))}.`;
  return error === null ? null : t`${name} rejects messages, so alerts may not arrive there.`;
}

function deliveryLine({ surfaces }: HealthReport): string {
  const waiting = surfaces.reduce((sum, one) => sum + one.waiting, 0);
  if (surfaces.length === 0) return t`No chat is connected, so alerts appear only in this console.`;
  return waiting === 0
    ? t`No message waits to be delivered.`
    : counted(waiting, '# message is being delivered.', '# messages are being delivered.');
}

function unknownOf({ surfaces, permissions, subscriptions }: HealthReport): string[] {
  const untried = surfaces.filter(({ acceptedAt, error }) => acceptedAt === null && error === null);
  const unchecked = subscriptions.length - permissions.checked;
  return [
    ...untried.map(
      ({ name }) => t`${sourceName(name)}: no message was sent yet, so it is unknown whether they arrive.`,
    ),
    ...(unchecked > 0
      ? [
          permissions.checked === 0
            ? t`Permissions for responses were not checked.`
            : t`Permissions for responses were checked in ${permissions.checked} of ${subscriptions.length} subscriptions.`,
        ]
      : []),
  ];
}

/** Those that need attention first, then the furthest behind. */
export function sorted(report: HealthReport): SubscriptionReport[] {
  const order: readonly ReadState[] = ['behind', 'starting', 'retrying', 'read'];
  const rank = (one: SubscriptionReport) => order.indexOf(readStateOf(one, report));
  const lag = (one: SubscriptionReport) => lagOf(one, report) ?? Number.MAX_SAFE_INTEGER;
  const name = (one: SubscriptionReport) => plainLine(one.name || one.id, 100);
  return [...report.subscriptions].sort(
    (a, b) => rank(a) - rank(b) || lag(b) - lag(a) || name(a).localeCompare(name(b)),
  );
}
