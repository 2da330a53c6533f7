import fc from 'fast-check';
import type { ActionDeps, AlertAction, CheckedPress } from '../../src/actions/action';
import { actionOf } from '../../src/actions/registry';
import { AzureError } from '../../src/azure/connection/azure-error';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { Refusal } from '../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { createLog } from '../../src/runtime/log';
import type { Store } from '../../src/store/store';
import { event, vm } from '../support/event';
import { type OwnStore, startStore, testKeyring } from '../support/store';

/** Number of random walks; the nightly job runs more. */
const numRuns = Math.min(Number(process.env.FUZZ_RUNS ?? 150), 1000);

let own: OwnStore;
let store: Store;
beforeAll(async () => {
  own = await startStore();
  store = own.store;
});
afterAll(() => own.stop());

const groups = ['/g/web', '/g/db', null] as const;
const nicsOf = (machine: string) => [0, 1].map((i) => `${machine}-nic${i}`);
/** Each run gets its own two machines, with two interfaces each. */
const machinesOf = (run: number) => [1, 2].map((i) => vm.replace('vm-1', `vm-${run}-${i}`));

const ours = /runwatch-isolation-westeurope$/;

class Crash extends Error {}

/** What disturbs an Azure call: we crash before or after it, or somebody else changes a group first. */
interface Disturbance {
  atCall: number;
  what: 'die before' | 'die after' | 'by hand';
  /** Index of one of the four interfaces. */
  nic: number;
  group: string | null;
}

/** Interfaces with ETags, and the model: the group that another writer set last. */
function createNetwork(nics: readonly string[]) {
  const actual = new Map(nics.map((id) => [id, { group: '/g/web' as string | null, etag: 0 }]));
  const setByOthers = new Map<string, string | null>(nics.map((id) => [id, '/g/web']));
  let due: Disturbance[] = [];
  let calls = 0;
  const byHand = (nic: string, group: string | null) => {
    const known = actual.get(nic) as { group: string | null; etag: number };
    actual.set(nic, { group, etag: known.etag + 1 });
    setByOthers.set(nic, group);
  };
  async function call<T>(work: () => T): Promise<T> {
    calls++;
    const now = due.filter(({ atCall }) => atCall === calls);
    for (const { nic, group } of now.filter(({ what }) => what === 'by hand'))
      byHand(nics[nic] as string, group);
    if (now.some(({ what }) => what === 'die before')) throw new Crash();
    const answer = work();
    if (now.some(({ what }) => what === 'die after')) throw new Crash();
    return answer;
  }
  const azure = {
    readMachine: (id: string) => call(() => ({ id, location: 'westeurope', interfaceIds: nicsOf(id) })),
    readInterface: (id: string) =>
      call(() => {
        const { group, etag } = actual.get(id) as { group: string | null; etag: number };
        return {
          id,
          etag,
          body: { properties: { networkSecurityGroup: group ? { id: group } : undefined } },
        };
      }),
    ensureDenyAll: () => call(() => undefined),
    whyNotDenied: async () => [],
    whyNotIsolated: async () => [],
    setGroup: ({ id, etag }: { id: string; etag: number }, group: string | null) =>
      call(() => {
        const known = actual.get(id) as { group: string | null; etag: number };
        if (known.etag !== etag) throw new AzureError('changed meanwhile', 'PreconditionFailed', 412, 0, '');
        actual.set(id, { group, etag: etag + 1 });
      }),
  };
  return {
    actual,
    setByOthers,
    byHand,
    azure,
    /** Schedules these, counting calls from now on. */
    expect: (disturbances: Disturbance[]) => {
      calls = 0;
      due = disturbances;
    },
  };
}

const disturbance = fc.record({
  atCall: fc.integer({ min: 1, max: 24 }),
  what: fc.constantFrom('die before' as const, 'die after' as const, 'by hand' as const),
  nic: fc.integer({ min: 0, max: 3 }),
  group: fc.constantFrom(...groups),
});
const step = fc.oneof(
  fc.record({
    press: fc.constantFrom('isolate' as const, 'release' as const),
    disturbances: fc.array(disturbance, { maxLength: 4 }),
  }),
  fc.record({ nic: fc.integer({ min: 0, max: 3 }), group: fc.constantFrom(...groups) }),
);

test('despite crashes and other writers, isolating cuts off and releasing restores the last group others set', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const id = `RW-model-${++number}`;
      const machines = machinesOf(number);
      const nics = machines.flatMap(nicsOf);
      const network = createNetwork(nics);
      const executions = machines.map(
        (resourceId) => executionFrom(event({ resourceId, id: resourceId })) as Execution,
      );
      await store.alerts.update(id, () => ({ alert: newAlert(id, executions, '2026-11-25T00:00:00Z') }));
      const deps = {
        azure: network.azure,
        store,
        show: async () => {},
        log: createLog('silent'),
        now: Date.now,
        keyring: testKeyring,
      } as unknown as ActionDeps;
      let isolated = false;
      const finished: string[] = [];
      for (const [index, each] of steps.entries()) {
        if ('nic' in each) {
          network.byHand(nics[each.nic] as string, each.group);
          continue;
        }
        const press = {
          alertId: id,
          pressId: `${id}-p${index}`,
          action: each.press,
          by: { surface: 'slack', id: 'u', name: 'Sam' },
          at: new Date(Date.now() - 3_600_000 + index).toISOString(),
          lastTry: false,
        } as const;
        const opened = nics.some((nic) => !ours.test(network.actual.get(nic)?.group ?? ''));
        network.expect(each.disturbances);
        const changed = await runUntilDone(() => run(press, deps));
        const isByHand = each.disturbances.some(({ what }) => what === 'by hand');
        if (each.press === 'release') expect(changed).toBe(isolated);
        else if (!isolated) expect(changed).toBe(true);
        else if (!isByHand) expect(changed).toBe(opened);
        if (!changed) continue;
        finished.push(press.at);
        isolated = each.press === 'isolate';
        const alert = (await store.alerts.get(id)) as Alert;
        const { measures } = await store.measures.viewOf(alert);
        expect(measures.map(({ state }) => state)).toEqual(Array(2).fill(isolated ? 'in force' : 'undone'));
        for (const { applied, by } of isolated ? [] : measures) expect(applied?.by).toEqual(by);
        for (const [i, nic] of nics.entries()) {
          const { group } = network.actual.get(nic) as { group: string | null };
          if (!isolated) expect(group).toBe(network.setByOthers.get(nic));
          else if (!each.disturbances.some((one) => one.what === 'by hand' && one.nic === i))
            expect(group).toMatch(ours);
        }
        expect(alert.state).toBe(isolated ? 'contained' : 'investigating');
      }
      const done = (await store.audit.read({ limit: 1_000_000 })).filter(
        (each) => each.alertId === id && each.result === 'done' && each.why === null,
      );
      expect(new Set(done.map(({ at }) => at))).toEqual(new Set(finished));
    }),
    { numRuns },
  );
}, 600_000);

/** Runs the press as a queue would, on the current alert. */
async function run(press: CheckedPress, deps: ActionDeps): Promise<string | null> {
  const alert = (await store.alerts.get(press.alertId)) as Alert;
  const action = actionOf(press.action) as AlertAction;
  return action.run(await store.measures.viewOf(alert), press, deps);
}

/** Retries after each crash, as a queue does. Returns false if there was nothing to do. */
async function runUntilDone(work: () => Promise<string | null>): Promise<boolean> {
  for (;;) {
    try {
      const answer = await work();
      return !answer?.includes('already') || /^[1-9]\d* of/.test(answer);
    } catch (error) {
      if (error instanceof Refusal) return false;
      if (!(error instanceof Crash)) throw error;
    }
  }
}
