import type { Alert } from '../domain/alerts/alert';
import { mostUrgentFirst } from '../domain/alerts/severity';
import { isPending } from '../domain/alerts/timing';
import { openStates } from '../domain/alerts/transitions';
import { keys } from './keys';

/** A Redis sorted-set score: ms, or '' if the alert does not belong into the set. */
type Score = number | string;

const positions = mostUrgentFirst.flatMap((severity) => [
  ...openStates.map((state) => ({
    key: keys.open(severity, state),
    score: (alert: Alert): Score =>
      alert.severity === severity && alert.state === state ? Date.parse(alert.raisedAt) : '',
  })),
  {
    key: keys.uncontained(severity),
    score: (alert: Alert): Score =>
      alert.severity === severity && isPending(alert, 'contain') ? Date.parse(alert.raisedAt) : '',
  },
  {
    key: keys.checkAt(severity),
    score: (alert: Alert, checkAt: Score): Score => (alert.severity === severity ? checkAt : ''),
  },
]);

/** The sorted sets of open alerts. A script gets all of them, so that it also corrects a wrong entry. */
export const openIndexKeys: readonly string[] = positions.map(({ key }) => key);

/**
 * The scores of an alert in each of {@link openIndexKeys}.
 * @param checkAt when the reminders check it next, ms or +inf
 */
export const openScores = (alert: Alert | null, checkAt: Score = 0): Score[] =>
  positions.map(({ score }) => (alert?.announced && alert.state !== 'closed' ? score(alert, checkAt) : ''));

/** The keys and scores to store with an alert. One that was never stored is in no set yet. */
export function openPlaces(alert: Alert, isNew: boolean): { keys: string[]; scores: Score[] } {
  const scores = openScores(alert);
  const places = openIndexKeys
    .map((key, i) => ({ key, score: scores[i] as Score }))
    .filter(({ score }) => !isNew || score !== '');
  return { keys: places.map(({ key }) => key), scores: places.map(({ score }) => score) };
}

/**
 * Lua that gives an alert its scores. All parameters but the last are Lua expressions, `keyAt` and `scoreAt`
 * of the position `i`.
 * @param count number of keys and scores
 */
export const placeInIndex = (
  keyAt: string,
  scoreAt: string,
  id: string,
  keepSeconds: number,
  count: string = String(positions.length),
) => `
for i = 1, ${count} do
  if ${scoreAt} == '' then redis.call('ZREM', ${keyAt}, ${id})
  else
    redis.call('ZADD', ${keyAt}, ${scoreAt}, ${id})
    redis.call('EXPIRE', ${keyAt}, ${keepSeconds})
  end
end`;
