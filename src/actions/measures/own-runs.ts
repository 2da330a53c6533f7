import { fetchCommand, type Os, type Reading } from '../../domain/fetch-script/fetch-commands';
import { ownRunName, runsOnly, signedPart } from '../../domain/fetch-script/own-run';
import { isInProgress, measureIdOf } from '../../domain/measures/measure';
import { runwatchActor } from '../../domain/people/person';
import { scriptDigest } from '../../domain/techniques/script';
import { t } from '../../domain/text/translate';
import type { OwnRun } from '../../store/own-runs';
import type { ActionDeps } from '../action';
import { PermanentError } from './failures';
import type { StepContext } from './measure-kind';

/** The measure that fetches scripts. */
export const fetchKind = 'script-fetch';

/** Where run commands of ours run, and for what. */
export interface OwnRunPlace {
  machineId: string;
  name: string;
  os: Os;
  location: string;
  /** Part of each name: random, 32 hex digits. */
  token: string;
  /** Object id of the identity that writes them. */
  fetcher: string;
  alertId: string;
}

/**
 * Runs one fixed script on the machine and removes the run command. Safe to repeat from any point: what Azure
 * has already is not written again.
 * @returns its output; null if the machine returned none
 */
export async function runOnMachine(
  place: OwnRunPlace,
  index: number,
  reading: Reading,
  { azure, store, measure, now, keyring }: StepContext,
): Promise<string | null> {
  const script = fetchCommand(place.os, reading);
  const sha256 = scriptDigest(script);
  const name = ownRunName(place.token, index);
  const id = `${place.machineId}/runCommands/${name}`;
  if (!(await azure.fetchRun(id))) {
    const { machineId, fetcher, alertId } = place;
    const noted = { name, id: id.toLowerCase(), machineId, objectId: fetcher, sha256, alertId };
    const run = { ...noted, press: measure.press };
    const signature = keyring.sign('own-run', signedPart(run));
    await store.ownRuns.note({ ...run, signature, at: now() });
    await azure.startFetchRun(id, place.location, script);
  }
  const found = await azure.awaitFetchRun(id);
  if (found && !runsOnly(found.stored, sha256)) {
    await store.ownRuns.noteScript(name, 'changed');
    await store.ownRuns.noteRemoved(name);
    throw new PermanentError(
      t`someone changed Runwatch’s run command ${name} on ${place.name}. Nothing it returned is used, and it is left there as evidence`,
    );
  }
  if (found) await store.ownRuns.noteScript(name, 'ours');
  await azure.removeFetchRun(id);
  await store.ownRuns.noteRemoved(name);
  return found?.succeeded && found.output.trim() !== '' ? found.output : null;
}

/** Azure may show a run command this long after it was asked for, ms. */
const appearsWithinMs = 10 * 60_000;

/** Removes run commands of ours that a fetch left behind, because it failed or its process stopped. */
export async function removeLeftRuns({
  store,
  azure,
  log,
  now,
  keyring,
}: Pick<ActionDeps, 'store' | 'azure' | 'log' | 'now' | 'keyring'>): Promise<void> {
  for (const run of await store.ownRuns.listLeft(now())) {
    if (!keyring.verify('own-run', signedPart(run), run.signature)) {
      log.error(
        { target: run.id },
        'refused to remove a run command: its note was modified outside Runwatch',
      );
      continue;
    }
    const measure = await store.measures.get(measureIdOf(fetchKind, run.machineId));
    if (measure && isInProgress(measure) && measure.press === run.press) continue;
    try {
      await removeLeft(run, { store, azure, now });
    } catch (error) {
      log.warn({ error, target: run.id }, 'could not remove a run command of a fetch');
    }
  }
}

async function removeLeft(
  run: OwnRun,
  { store, azure, now }: Pick<ActionDeps, 'store' | 'azure' | 'now'>,
): Promise<void> {
  const found = await azure.fetchRun(run.id);
  if (!found && now() - run.at < appearsWithinMs) return;
  const isOurs = found !== null && runsOnly(found.stored, run.sha256);
  if (found) await store.ownRuns.noteScript(run.name, isOurs ? 'ours' : 'changed');
  if (isOurs) await azure.removeFetchRun(run.id);
  if (found)
    await store.audit.append(
      [
        {
          at: new Date(now()).toISOString(),
          by: runwatchActor,
          action: 'fetch_script.clean_up',
          alertId: run.alertId,
          object: run.id,
          result: isOurs ? 'done' : 'refused',
          why: isOurs
            ? t`removed a run command that a fetch left behind`
            : t`someone changed it, so it is left there as evidence`,
        },
      ],
      ['own-run-left', run.name].join(' '),
    );
  await store.ownRuns.noteRemoved(run.name);
}
