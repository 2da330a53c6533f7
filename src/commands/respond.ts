import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { AlertAction } from '../actions/action';
import { actionOf, alertActions } from '../actions/registry';
import { type Azure, type AzureOptions, createAzure } from '../azure/azure';
import { actionsOf } from '../chat/actions';
import type { Config } from '../config/config';
import { Refusal } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { nearest } from '../domain/text/nearest';
import { createQueues } from '../pipeline/queues';
import { createPress } from '../presses/press';
import { readInput } from '../presses/press-input';
import { createLog } from '../runtime/log';
import type { PressResult } from '../store/press-results';
import { operator } from './support/operator';
import { CommandError, type Output } from './support/output';
import { withStore } from './support/with-store';

/** Maximum wait for the result, ms: a change in Azure can take ten minutes, and retries take longer. */
const maxWaitMs = 20 * 60_000;
const pollIntervalMs = 200;

/**
 * Performs an action on an alert, as its button does, and waits for the result. A dry run only prints the
 * steps.
 * @throws {CommandError} 1 if the action was refused, failed or waits for approval; 2 on wrong usage
 */
export async function respond(
  alertId: string,
  given: string,
  flags: { dryRun?: boolean; set?: string[]; json?: boolean; wait?: boolean },
  config: Config,
  output: Output,
  azure: AzureOptions = {},
): Promise<void> {
  const action = actionOf(given);
  if (action?.about !== 'alert') {
    const known = alertActions().map(({ id }) => id);
    const guess = nearest(given, known);
    throw new CommandError(
      `${given}: unknown action; ${guess ? `did you mean ${guess}?` : `expected one of ${known.join(', ')}`}`,
      2,
    );
  }
  const read = readInput(action, readFields(action, flags.set ?? []));
  if ('refused' in read) throw new CommandError(`--set: ${read.refused}`, 2);
  const { input } = read;
  await withStore(config, async (store, address, keyring) => {
    const alert = await store.alerts.get(alertId);
    if (!alert) throw new CommandError(`${alertId}: alert not found or expired`, 1);
    if (flags.dryRun) {
      const view = await store.measures.viewOf(alert);
      const lines = await planSteps(view, action, input, createAzure(config, azure));
      if (flags.json) output.out(JSON.stringify({ alert: alertId, action: action.id, would: lines }));
      else for (const line of lines) output.out(`would ${line}`);
      return;
    }
    if (!keyring) throw new CommandError('RUNWATCH_SECRET: unset, expected the same value as the bot', 2);
    const queues = createQueues(address, createLog('silent'));
    const press = createPress({
      queues,
      now: Date.now,
      keyring,
      getAlert: store.alerts.get,
      secretMatches: () => store.secretMatches(keyring),
    });
    const pressId = await press({
      alertId,
      action: action.id,
      by: operator(),
      input,
      nonce: randomUUID(),
    }).finally(() => queues.close());
    if (flags.wait === false) {
      if (flags.json) output.out(JSON.stringify({ alert: alertId, action: action.id, pressId }));
      else output.out(`${action.id} is queued as ${pressId}; the alert will show the result`);
      return;
    }
    const result = await resultOf(pressId, store.pressResults.get);
    if (!result)
      throw new CommandError(
        `${action.id} is queued as ${pressId} but did not finish within ${maxWaitMs / 60_000} minutes; check that a bot with the role respond is running`,
        1,
      );
    if (flags.json) output.out(JSON.stringify({ alert: alertId, action: action.id, pressId, ...result }));
    else if (result.result === 'done') output.out(result.text || `${action.name}: done`);
    if (result.result !== 'done') throw new CommandError(result.text.replace(/\.$/, ''), 1);
  });
}

async function resultOf(
  pressId: string,
  get: (pressId: string) => Promise<PressResult | null>,
): Promise<PressResult | null> {
  for (const deadline = Date.now() + maxWaitMs; Date.now() < deadline; ) {
    const result = await get(pressId);
    if (result) return result;
    await pause(pollIntervalMs);
  }
  return null;
}

function readPair(pair: string): [string, string] {
  const [name = '', ...value] = pair.split('=');
  if (!name || value.length === 0) throw new CommandError(`--set: got ${pair}, expected NAME=VALUE`, 2);
  return [name, value.join('=')];
}

/** @throws {CommandError} on a field that the action does not have, or that is given twice */
function readFields(action: AlertAction, pairs: readonly string[]): Record<string, string> {
  const known = action.input instanceof z.ZodObject ? Object.keys(action.input.shape) : [];
  const fields: Record<string, string> = {};
  for (const [name, value] of pairs.map(readPair)) {
    if (!known.includes(name))
      throw new CommandError(
        `--set: ${action.id} has no field ${name}; ${known.length > 0 ? `expected ${known.join(', ')}` : 'it takes none'}`,
        2,
      );
    if (name in fields) throw new CommandError(`--set: ${name} is given twice`, 2);
    fields[name] = value;
  }
  return fields;
}

/** "Add exception…" as it follows "would": add exception on RW-1. */
const inSentence = (label: string, alertId: string) =>
  `${label.charAt(0).toLowerCase()}${label.slice(1).replace(/…$/, '')} on ${alertId}`;

async function planSteps(
  view: AlertView,
  action: AlertAction,
  input: Record<string, unknown>,
  azure: Azure,
): Promise<string[]> {
  const { alert } = view;
  const offered = actionsOf(view, true, Date.now()).find(({ id }) => id === action.id);
  if (!offered)
    throw new CommandError(`${action.id} can't be done on ${alert.id} now (state: ${alert.state})`, 1);
  const at = new Date().toISOString();
  const press = { pressId: 'dry-run', alertId: alert.id, action: action.id, by: operator(), at, input };
  try {
    const plan = await action.plan?.(view, press, { azure, linkTo: () => null });
    return plan ?? [inSentence(offered.label, alert.id)];
  } catch (error) {
    if (error instanceof Refusal) throw new CommandError(error.message, 1);
    throw error;
  }
}
