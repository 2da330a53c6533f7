import type { ActionDeps, AlertAction, PressJob } from '../../src/actions/action';
import { actionOf } from '../../src/actions/registry';
import type { Alert } from '../../src/domain/alerts/alert';
import { createLog } from '../../src/runtime/log';
import type { Store } from '../../src/store/store';
import { testKeyring } from './store';

/** Runs an action that needs only the store, on the stored alert. */
export async function runAction(store: Store, press: PressJob): Promise<string | null> {
  const deps = {
    store,
    show: async () => {},
    log: createLog('silent'),
    now: () => Date.parse(press.at),
    keyring: testKeyring,
    maxExceptionDays: 365,
  } as unknown as ActionDeps;
  const alert = (await store.alerts.get(press.alertId)) as Alert;
  const view = await store.measures.viewOf(alert);
  return (actionOf(press.action) as AlertAction).run(view, { ...press, lastTry: false }, deps);
}
