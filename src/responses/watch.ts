import { type Alert, callerKeyOf, summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

const day = 86_400_000;
const longestDays = 90;

/** Everything that the watched do in the control plane comes into the thread, and scores higher, until it ends by itself. */
export const watch: Response = {
  action: 'watch',
  title: 'Watch',
  needs: 'triage',
  permissions: [],
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const days = Math.round(Number(press.input?.days ?? 7));
    if (!(days >= 1 && days <= longestDays)) throw new Refusal(`Watch for 1 to ${longestDays} days.`);
    const chosen = String(press.input?.who ?? 'caller').split(',');
    const owners = watchable(alert).filter(({ kind }) => chosen.includes(kind));
    if (owners.length === 0) throw new Refusal('Choose whom or what to watch.');
    const untilMs = Date.parse(press.at) + days * day;
    const until = new Date(untilMs).toISOString();
    for (const { key } of owners)
      await deps.store.watches.put({ owner: key, alertId: alert.id, by: press.by, until });
    await deps.store.timeline.follow(
      owners.map(({ key }) => key),
      alert.id,
      Date.parse(press.at),
      untilMs,
    );
    const named = owners.map(({ key, words }) => ({ key, words }));
    await measure(press, deps, () => ({ watch: { at: press.at, by: press.by, until, owners: named } }));
    await deps.rejudge(alert.id);
    return null;
  },
};

export const unwatch: Response = {
  action: 'unwatch',
  title: 'Stop watching',
  needs: 'triage',
  permissions: [],
  run: async (alert, press, deps) => {
    const { watch: watched } = alert.measures;
    if (!watched) throw new Refusal('Nothing is watched from this alert.');
    for (const { key } of watched.owners) await deps.store.watches.remove(key);
    await measure(press, deps, () => ({ watch: null }));
    await deps.rejudge(alert.id);
    return null;
  },
};

function watchable(alert: Alert): { kind: string; key: string; words: string }[] {
  const { caller, target, machines } = summarize(alert);
  const sha256 = alert.facts.script?.sha256;
  return [
    { kind: 'caller', key: callerKeyOf(caller), words: plainLine(caller.name, 80) },
    ...(machines === 1
      ? [{ kind: 'machine', key: target.id.toLowerCase(), words: plainLine(target.name, 80) }]
      : []),
    ...(sha256 ? [{ kind: 'script', key: sha256, words: 'its script' }] : []),
  ];
}
