import { runCommand } from '../../src/demo/scenarios';
import type { Alert } from '../../src/domain/alerts/alert';
import type { AlertView } from '../../src/domain/measures/alert-view';
import type { Bench } from './bot';
import type { PostedMessage } from './slack';
import { until } from './wait';

export const textOf = (message: PostedMessage | undefined) => JSON.stringify(message?.blocks ?? []);

/** Dana runs a command on a machine of the bench's tenant, by default a minute ago. */
export const runOn = (bench: Bench, resourceId: string, extra: Record<string, unknown> = {}) =>
  bench.tenant.log({
    name: runCommand,
    resourceId,
    caller: bench.world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 5000,
    ...extra,
  });

/** Waits for the message of the alert on a machine. */
export const alertOn = (bench: Bench, machine: string): Promise<PostedMessage> =>
  until(`an alert on ${machine}`, () =>
    bench.slack.alerts().find((m) => textOf(m).includes(`on ${machine}`)),
  );

/** An alert without measures and approvals. */
export const untouched = (alert: Alert): AlertView => ({ alert, measures: [], approvals: [] });
