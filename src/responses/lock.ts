import { summarize } from '../alerts/alert';
import { declarationOf } from '../alerts/declarations';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

/** A ReadOnly lock on the machine: it refuses every write and POST, run command among them. */
export const lock: Response = {
  action: 'lock',
  title: 'Lock',
  needs: 'responder',
  permissions: declarationOf('lock').permissions,
  run: async (alert, press, deps) => {
    const scope = summarize(alert).target.id;
    if (alert.measures.lock?.status === 'locked') throw new Refusal('The machine is already locked.');
    const name = `runwatch-${alert.id}`;
    const link = deps.linkTo(alert.id);
    await deps.azure.lock(
      scope,
      name,
      'ReadOnly',
      `Runwatch ${alert.id}, by ${press.by.name.slice(0, 100)}${link ? `: ${link}` : ''}`,
    );
    await measure(press, deps, () => ({ lock: { scope, name, status: 'locked' } }));
    return null;
  },
};

export const unlock: Response = {
  action: 'unlock',
  title: 'Unlock',
  needs: 'responder',
  permissions: declarationOf('unlock').permissions,
  run: async (alert, press, deps) => {
    const { lock } = alert.measures;
    if (lock?.status !== 'locked')
      throw new Refusal('The machine is not locked by this alert, so there is nothing to unlock.');
    await deps.azure.unlock(lock.scope, lock.name);
    await measure(press, deps, () => ({ lock: { ...lock, status: 'unlocked' } }));
    return null;
  },
};
