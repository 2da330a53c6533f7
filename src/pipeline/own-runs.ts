import type { Azure } from '../azure/azure';
import { isOwnRunName, runsOnly, signedPart } from '../domain/fetch-script/own-run';
import { runwatchActor } from '../domain/people/person';
import { is, parseResourceId, typeOf } from '../domain/resources/resource-id';
import { storedResources } from '../domain/techniques/catalogue';
import type { Execution } from '../domain/techniques/execution';
import { runCommandScript } from '../domain/techniques/stored-script';
import type { Keyring } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import type { OwnRun } from '../store/own-runs';
import type { Store } from '../store/store';

interface OwnRunDeps {
  store: Pick<Store, 'ownRuns' | 'alerts' | 'audit'>;
  azure: Pick<Azure, 'readProperties'>;
  log: Log;
  now: () => number;
  keyring: Pick<Keyring, 'verify'>;
}

/**
 * The executions without our own run commands, which are audited instead. One is ours only if we noted its name
 * before, our identity wrote it and it runs our script. Notes are signed, because Redis is not trusted. Whatever only looks like it alerts.
 */
export async function withoutOwnRuns(
  executions: readonly Execution[],
  deps: OwnRunDeps,
): Promise<Execution[]> {
  const named = executions.filter(({ resourceId }) => isOwnRunName(nameOf(resourceId)));
  if (named.length === 0) return [...executions];
  // What alerted once is not taken back.
  const alerts = await deps.store.alerts.alertIdsOf(named.map(({ key }) => key));
  const own = new Set<string>();
  for (const [index, execution] of named.entries())
    if (!alerts[index] && (await isOwnRun(execution, deps))) own.add(execution.key);
  return executions.filter(({ key }) => !own.has(key));
}

const nameOf = (resourceId: string) => parseResourceId(resourceId)?.chain.at(-1)?.name.toLowerCase() ?? '';

async function isOwnRun(
  execution: Execution,
  { store, azure, log, now, keyring }: OwnRunDeps,
): Promise<boolean> {
  const run = await store.ownRuns.get(nameOf(execution.resourceId));
  if (!run || !is(run.id, execution.resourceId) || !is(run.objectId, execution.caller.id ?? undefined))
    return false;
  if (!keyring.verify('own-run', signedPart(run), run.signature)) return false;
  const runsOurs =
    run.script === 'ours' || (run.script === 'unread' && (await hasOurScript(execution, run, azure, log)));
  if (!runsOurs || !(await store.ownRuns.claim(run.name, execution.key))) return false;
  await store.audit.append(
    [
      {
        at: new Date(now()).toISOString(),
        by: runwatchActor,
        action: 'fetch_script.run',
        alertId: run.alertId,
        object: execution.resourceId,
        result: execution.status === 'failed' ? 'failed' : 'done',
        why: 'recognized by its name, identity and script, so it raises no alert',
        details: { script: run.sha256, identity: run.objectId, correlationId: execution.correlationId },
      },
    ],
    `own-run ${execution.key}`,
  );
  return true;
}

/** What can't be read is not ours. */
async function hasOurScript(
  { resourceId }: Execution,
  { sha256 }: OwnRun,
  azure: OwnRunDeps['azure'],
  log: Log,
): Promise<boolean> {
  const parsed = parseResourceId(resourceId);
  const type = parsed && typeOf(parsed);
  const stored = storedResources().find((resource) => type !== null && is(resource.type, type));
  if (!stored) return false;
  try {
    return runsOnly(runCommandScript(await azure.readProperties(resourceId, stored.apiVersion)), sha256);
  } catch (error) {
    log.warn({ error, target: resourceId }, 'could not read a run command that looks like our own');
    return false;
  }
}
