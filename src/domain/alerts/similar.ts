import { identifierOf } from '../activity/activity-event';
import type { Match } from '../exceptions/exception';
import { matchFactsOf } from '../exceptions/match-facts';
import { shortDigest } from '../text/short-digest';
import { phrase, t, translate } from '../text/translate';
import { type Alert, callerKeyOf, summarize } from './alert';
import type { Harmless, LikeClosed } from './facts';
import type { Known } from './join-facts';
import { lastChange } from './transitions';

/** What makes alerts alike: caller, techniques, outcome, and the script or else the machines. */
export interface Likeness {
  caller: string;
  techniques: string[];
  /** Azure denied all of it. */
  refused: boolean;
  /** SHA-256, if every execution has the same known script; the machines are then left open. */
  sha256: string | null;
  /** Ids in lower case; empty with a script. */
  machines: string[];
}

/** Null if nothing but a name identifies the caller, because people can choose it. */
export function likenessOf(alert: Known): Likeness | null {
  const { about, caller, refused } = summarize(alert);
  if (identifierOf(caller) === '') return null;
  const scripts = new Set(about.map((execution) => matchFactsOf(alert, execution).script?.sha256 ?? null));
  const sha256 = scripts.size === 1 ? ([...scripts][0] ?? null) : null;
  const sorted = (values: string[]) => [...new Set(values)].sort();
  return {
    caller: callerKeyOf(caller),
    techniques: sorted(about.map(({ technique }) => technique)),
    refused,
    sha256,
    machines: sha256 ? [] : sorted(about.map(({ target }) => target.id.toLowerCase())),
  };
}

/** The key under which closed alerts are counted. */
export const likenessKey = ({ caller, techniques, refused, sha256, machines }: Likeness): string =>
  shortDigest('like', caller, techniques.join(), String(refused), sha256 ?? '', ...machines);

/** An alert that a person closed as harmless. */
export interface HarmlessClose {
  alertId: string;
  as: Harmless;
  /** Ms. */
  at: number;
}

/** The close that counts for later alerts, with its key; null if it does not count. */
export function harmlessCloseOf(alert: Alert): (HarmlessClose & { key: string }) | null {
  if (alert.closedAs !== 'benign' && alert.closedAs !== 'expected') return null;
  const closed = lastChange(alert, 'closed');
  // An answer of the caller can close an alert, but an attacker may control the account.
  if (!closed || closed.by.surface === 'runwatch') return null;
  const likeness = likenessOf(alert);
  if (!likeness) return null;
  return { key: likenessKey(likeness), alertId: alert.id, as: alert.closedAs, at: Date.parse(closed.at) };
}

/** From how many closed alerts on it is said. */
export const minLikeClosed = 3;
/** How many closed alerts are remembered; with that many, the count is a lower limit. */
export const maxLikeClosed = 200;

/** Sums up the closes of alerts like this one, newest first; null if they are too few. */
export function likeClosedFrom(closes: readonly HarmlessClose[]): LikeClosed | null {
  const last = closes[0];
  if (!last || closes.length < minLikeClosed) return null;
  return {
    count: closes.length,
    as: closes.every(({ as }) => as === last.as) ? last.as : phrase('benign or expected'),
    lastAt: new Date(last.at).toISOString(),
    alertIds: closes.slice(0, 3).map(({ alertId }) => alertId),
  };
}

export const likeClosedOf = ({ facts }: Pick<Alert, 'facts'>): LikeClosed | null => facts.likeClosed ?? null;

/** "Like 3 alerts closed as benign" */
export const likeClosedText = ({ count, as }: LikeClosed): string =>
  t`Like ${count >= maxLikeClosed ? t`at least ` : ''}${count} alerts closed as ${translate(as)}`;

/** The reason of an exception for alerts like this one; null if none were closed. */
export function likeClosedReason(alert: Pick<Alert, 'id' | 'facts'>): string | null {
  const like = likeClosedOf(alert);
  return like && t`${likeClosedText(like)}, last ${like.alertIds[0]} (from ${alert.id})`;
}

/** More machines make a burst, which an exception by machine does not fit. */
const maxMachines = 20;

/** The match of an exception for alerts like this one; null if none fits. */
export function likenessMatch(alert: Known): Match | null {
  const likeness = likenessOf(alert);
  if (!likeness || likeness.machines.length > maxMachines) return null;
  const { sha256, techniques } = likeness;
  const { about, caller } = summarize(alert);
  const ids = new Map(about.map(({ target }) => [target.id.toLowerCase(), target.id]));
  const oneOf = (values: string[]) => (values.length === 1 ? (values[0] as string) : values);
  return {
    caller: caller.id ?? identifierOf(caller),
    technique: oneOf(techniques),
    ...(sha256 ? { script: { sha256 } } : { target: oneOf([...ids.values()]) }),
  };
}
