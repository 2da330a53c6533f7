import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config';
import type { WebhookConfig } from '../config/policy-file';
import { formatOf } from '../config/webhook-settings';
import { nearest } from '../domain/text/nearest';
import { readWebhooks } from '../health/read-webhooks';
import { createQueues, type Queues } from '../pipeline/queues';
import { replayFailed, replaySince } from '../pipeline/webhooks/replay-webhook';
import { post } from '../pipeline/webhooks/send-webhook';
import { createLog } from '../runtime/log';
import type { Store } from '../store/store';
import { count } from './support/count';
import { operator } from './support/operator';
import { CommandError, type Output } from './support/output';
import { table } from './support/table';
import { withStore } from './support/with-store';

export async function listWebhooks(flags: { json?: boolean }, config: Config, output: Output): Promise<void> {
  const webhooks = config.policy.webhooks ?? [];
  await withQueues(config, async (store, queues) => {
    const reports = await readWebhooks(config, store, queues);
    const formats = new Map(webhooks.map((hook) => [hook.name, formatOf(hook)]));
    if (flags.json) {
      for (const report of reports)
        output.out(JSON.stringify({ ...report, format: formats.get(report.name) }));
      return;
    }
    if (reports.length === 0)
      return output.err('no webhooks are configured; set webhooks in RUNWATCH_CONFIG');
    const cells = reports.map((one) => [
      one.name,
      one.goneAt !== null ? 'disabled' : one.error !== null ? 'failing' : 'ok',
      String(one.waiting),
      String(one.failed),
      one.acceptedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
      formats.get(one.name) ?? '',
      one.host,
      one.error ?? '',
    ]);
    const header = ['NAME', 'STATE', 'WAITING', 'GIVEN UP', 'ACCEPTED (UTC)', 'FORMAT', 'HOST', 'ERROR'];
    for (const line of table([header, ...cells])) output.out(line);
  });
}

/** Sends a test message from this machine, not from the bot. */
export async function testWebhook(
  name: string,
  flags: { json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const hook = hookNamed(name, config);
  const id = `${name}_test-${randomUUID()}`;
  const message = { event: 'webhook.test' as const, at: Date.now(), subject: { kind: 'test' as const } };
  const error = await post(id, hook, message, Date.now()).then(
    () => null,
    (cause: Error) => cause.message,
  );
  if (flags.json) output.out(JSON.stringify({ webhook: name, id, accepted: error === null, error }));
  else if (error === null) output.out(`${name} accepted the test message ${id}`);
  if (error !== null) throw new CommandError(`${name} did not accept the test message: ${error}`, 1);
}

export async function replayWebhook(
  name: string,
  flags: { failed?: boolean; since?: string; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const { failed, since } = flags;
  if (!failed && since === undefined) throw new CommandError('expected --failed or --since', 2);
  const hook = hookNamed(name, config);
  await withQueues(config, async (store, queues, signs) => {
    if (!signs) throw new CommandError('RUNWATCH_SECRET: unset, expected the same value as the bot', 2);
    const deps = { store, queues, now: Date.now };
    const replayed =
      since === undefined
        ? { count: await replayFailed(hook, deps), complete: true }
        : await replaySince(hook, Date.parse(since), deps);
    await store.audit.append([
      {
        at: new Date().toISOString(),
        by: operator(),
        action: 'webhook.replay',
        alertId: null,
        object: name,
        result: 'done',
        why: `${count(replayed.count, 'message')} queued again${since === undefined ? '' : `, since ${since}`}`,
      },
    ]);
    if (flags.json) output.out(JSON.stringify({ webhook: name, ...replayed }));
    else output.out(`${count(replayed.count, 'message')} queued again for ${name}`);
    if (!replayed.complete) output.err('there are more, or older changes that have expired');
  });
}

function hookNamed(name: string, { policy: { webhooks = [] } }: Config): WebhookConfig {
  const hook = webhooks.find((one) => one.name === name);
  if (hook) return hook;
  const names = webhooks.map((one) => one.name);
  const guess = nearest(name, names);
  const known = names.length > 0 ? `expected one of ${names.join(', ')}` : 'none are configured';
  throw new CommandError(`${name}: unknown webhook; ${guess ? `did you mean ${guess}?` : known}`, 2);
}

const withQueues = (
  config: Config,
  work: (store: Store, queues: Queues, signs: boolean) => Promise<void>,
): Promise<void> =>
  withStore(config, async (store, address, keyring) => {
    const names = (config.policy.webhooks ?? []).map(({ name }) => name);
    const queues = createQueues(address, createLog('silent'), names);
    try {
      await work(store, queues, keyring !== null);
    } finally {
      await queues.close();
    }
  });
