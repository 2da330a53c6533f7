import { randomUUID } from 'node:crypto';
import type { Alert } from '../alerts/alert';
import { Refusal } from '../alerts/transitions';
import { type Azure, type AzureOptions, createAzure } from '../azure/azure';
import { actionsOf } from '../chat/actions';
import { type ActionId, actionIds, type Config } from '../config';
import { createLog } from '../log';
import { createQueues } from '../pipeline/queues';
import { responses } from '../responses/perform';
import { createPress } from '../responses/press';
import { operator } from './operator';
import { CommandError, type Output } from './output';
import { withStore } from './with-store';

/** Does an action on an alert, as its button does; or says what it would do, and changes nothing. */
export async function respond(
  alertId: string,
  given: string,
  flags: { dryRun?: boolean; set?: string[]; json?: boolean },
  config: Config,
  output: Output,
  azure: AzureOptions = {},
): Promise<void> {
  const action = actionIds.find((id) => id === given);
  if (!action) throw new CommandError(`${given}: no such action; one of ${actionIds.join(', ')}`, 2);
  const input = Object.fromEntries((flags.set ?? []).map(readPair));
  await withStore(config, async (store, address, keyring) => {
    const alert = await store.alerts.get(alertId);
    if (!alert) throw new CommandError(`${alertId}: no such alert is kept`, 1);
    if (flags.dryRun) {
      const lines = await wouldDo(alert, action, input, createAzure(config, azure));
      if (flags.json) output.out(JSON.stringify({ alert: alertId, action, would: lines }));
      else for (const line of lines) output.out(`would ${line}`);
      return;
    }
    if (!keyring) throw new CommandError('RUNWATCH_SECRET: unset, expected the value that the bot has', 2);
    const queues = createQueues(address, createLog('silent'));
    const press = createPress({
      queues,
      now: Date.now,
      keyring,
      getAlert: store.alerts.get,
      secretFits: () => store.secretFits(keyring),
    });
    const pressId = await press({ alertId, action, by: operator(), input, nonce: randomUUID() });
    await queues.close();
    if (flags.json) output.out(JSON.stringify({ alert: alertId, action, pressId }));
    else output.out(`${action} is asked for as ${pressId}; the alert shows what comes of it`);
  });
}

function readPair(pair: string): [string, string] {
  const [name = '', ...value] = pair.split('=');
  if (!name || value.length === 0) throw new CommandError(`--set: got ${pair}, expected NAME=VALUE`, 2);
  return [name, value.join('=')];
}

async function wouldDo(
  alert: Alert,
  action: ActionId,
  input: Record<string, string>,
  azure: Azure,
): Promise<string[]> {
  const offered = actionsOf(alert, true).find(({ id }) => id === action);
  if (!offered) throw new CommandError(`${action} can't be done as ${alert.id} stands (${alert.state})`, 1);
  const at = new Date().toISOString();
  const press = { pressId: 'dry-run', alertId: alert.id, action, by: operator(), at, input };
  const response = responses.find((candidate) => candidate.action === action);
  try {
    const plan = await response?.plan?.(alert, press, { azure });
    return plan ?? [offered.confirm?.text ?? offered.label];
  } catch (error) {
    if (error instanceof Refusal) throw new CommandError(error.message, 1);
    throw error;
  }
}
