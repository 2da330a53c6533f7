import { z } from 'zod';
import { type Alert, callerKeyOf, summarize } from '../../domain/alerts/alert';
import { leadScript } from '../../domain/alerts/join-facts';
import { Refusal } from '../../domain/alerts/transitions';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { shortText, someOf } from '../input';
import { record } from '../record';
import { defineAction } from '../registry';

const day = 86_400_000;
const maxWatchDays = 90;

/**
 * Posts all control-plane activity of the watched caller, machine or script to the thread, and raises their
 * scores, until the watch expires.
 */
defineAction<AlertAction>({
  about: 'alert',
  id: 'watch',
  group: 'triage',
  name: phrase('Watch'),
  label: phrase('Watch…'),
  order: 220,
  right: 'triage',
  sameRightAs: 'assign',
  confirm: {
    title: phrase('Watch'),
    text: phrase(
      'Posts all control-plane activity of the selected caller, machine or script to the thread, and scores their later alerts higher.',
    ),
    yes: phrase('Watch'),
  },
  fields: ({ alert }) => [
    {
      id: 'who',
      label: t`Watch`,
      value: 'caller',
      kind: 'checks',
      choices: watchable(alert).map(({ kind, choice }) => ({ value: kind, label: choice })),
      optional: true,
    },
    { id: 'days', label: t`Days`, value: '7', kind: 'text', optional: false },
  ],
  input: z.strictObject({
    who: someOf(['caller', 'machine', 'script']).optional(),
    days: shortText.optional(),
  }),
  permissions: [],
  offered: ({ alert }) => !alert.triage.watch && alert.state !== 'closed',
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const days = Math.round(Number(press.input?.days ?? 7));
    if (!(days >= 1 && days <= maxWatchDays)) throw new Refusal(t`Watch for 1 to ${maxWatchDays} days.`);
    const chosen = String(press.input?.who ?? 'caller').split(',');
    const owners = watchable(alert).filter(({ kind }) => chosen.includes(kind));
    if (owners.length === 0) throw new Refusal(t`Choose whom or what to watch.`);
    const untilMs = Date.parse(press.at) + days * day;
    const until = new Date(untilMs).toISOString();
    for (const { key } of owners)
      await deps.store.watches.put({ owner: key, alertId: alert.id, by: press.by, since: press.at, until });
    await deps.store.timeline.follow(
      owners.map(({ key }) => key),
      alert.id,
      Date.parse(press.at),
      untilMs,
    );
    const named = owners.map(({ key, words }) => ({ key, words }));
    await record(press, deps, () => ({ watch: { at: press.at, by: press.by, until, owners: named } }));
    return null;
  },
});

defineAction<AlertAction>({
  about: 'alert',
  id: 'unwatch',
  group: 'triage',
  name: phrase('Stop watching'),
  label: phrase('Stop watching'),
  summary: phrase('Ends the watch on everything watched from this alert.'),
  order: 221,
  right: 'triage',
  sameRightAs: 'assign',
  whenClosed: true,
  permissions: [],
  offered: ({ alert }) => Boolean(alert.triage.watch),
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const { watch: watched } = alert.triage;
    if (!watched) throw new Refusal(t`Nothing is being watched from this alert.`);
    for (const { key } of watched.owners) await deps.store.watches.remove(key);
    await record(press, deps, () => ({ watch: null }));
    return null;
  },
});

function watchable(alert: Alert): { kind: string; key: string; words: string; choice: string }[] {
  const { caller, target, machines } = summarize(alert);
  const sha256 = leadScript(alert)?.sha256;
  const name = plainLine(target.name, 80);
  return [
    { kind: 'caller', key: callerKeyOf(caller), words: plainLine(caller.name, 80), choice: t`The caller` },
    ...(machines === 1
      ? [{ kind: 'machine', key: target.id.toLowerCase(), words: name, choice: t`The machine` }]
      : []),
    ...(sha256
      ? [{ kind: 'script', key: sha256, words: t`its script`, choice: t`The script, anywhere` }]
      : []),
  ];
}
