import type { HealthDeps } from '../chat/console/system-health/health-routes';
import type { AuditDraft } from '../domain/audit/audit-chain';
import type { Presser } from '../domain/people/person';
import { counted, t } from '../domain/text/translate';
import { replayFailed } from '../pipeline/webhooks/replay-webhook';
import type { AppCore } from './app-core';

type ReplayDeps = Pick<AppCore, 'config' | 'store' | 'queues' | 'people' | 'now'>;

/** Replays from the console: for responders for every action in every subscription, and audited. */
export function webhookReplays({ config, store, queues, people, now }: ReplayDeps): HealthDeps['replays'] {
  const mayReplay = async (presser: Presser): Promise<boolean> => {
    const identified = await people.identify(presser, null);
    return 'presser' in identified && people.hasFullRights(identified.presser);
  };
  return {
    mayReplay,
    replay: async (name, by) => {
      const hook = config.policy.webhooks?.find((one) => one.name === name);
      if (!hook) return t`This webhook does not exist.`;
      const note = (result: AuditDraft['result'], why: string | null) =>
        store.audit.append([
          {
            at: new Date(now()).toISOString(),
            by,
            action: 'webhook.replay',
            alertId: null,
            object: name,
            result,
            why,
          },
        ]);
      if (!(await mayReplay(by))) {
        const why = t`Only responders for every action in every subscription may replay webhooks.`;
        await note('refused', why);
        return why;
      }
      await note('started', null);
      const count = await replayFailed(hook, { store, queues, now });
      await note('done', t`${counted(count, '# message', '# messages')} queued again`);
      return null;
    },
  };
}
