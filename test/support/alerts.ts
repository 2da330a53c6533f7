import { runCommand } from '../../src/demo/scenarios';
import type { Alert } from '../../src/domain/alerts/alert';
import type { Facts, MachineFacts, RunFacts, ScriptFacts } from '../../src/domain/alerts/facts';
import type { AlertView } from '../../src/domain/measures/alert-view';
import type { Execution } from '../../src/domain/techniques/execution';
import type { Bench } from './bot';
import type { PostedMessage } from './slack';
import { until } from './wait';

/** A message's blocks with those of its thread. */
export const textOf = (message: PostedMessage | undefined) =>
  JSON.stringify([message?.blocks ?? [], ...(message?.replies ?? []).map(({ blocks }) => blocks)]);

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

/** Waits for the message of the alert on a machine, and for its thread. */
export const alertOn = (bench: Bench, machine: string): Promise<PostedMessage> =>
  until(`an alert on ${machine}`, () =>
    bench.slack
      .alerts()
      .find((m) => JSON.stringify(m.blocks).includes(`on ${machine}`) && m.replies.length > 0),
  );

/** Facts of one execution: its machine, its script and its run. */
export function factsAbout(
  { key, target }: Execution,
  { machine, script, run }: { machine?: MachineFacts; script?: ScriptFacts; run?: Partial<RunFacts> },
): Facts {
  const ran = {
    script: script ? key : null,
    output: null,
    exitCode: null,
    redacted: [],
    final: true,
    ...run,
  };
  return {
    ...(machine ? { machines: { [target.id.toLowerCase()]: machine } } : {}),
    ...(script || run ? { runs: { [key]: ran } } : {}),
    ...(script ? { scripts: { [key]: script } } : {}),
  };
}

/** An alert without measures and approvals. */
export const untouched = (alert: Alert): AlertView => ({ alert, measures: [], approvals: [] });
