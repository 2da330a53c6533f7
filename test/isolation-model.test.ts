import fc from 'fast-check';
import { type Alert, newAlert } from '../src/alerts/alert';
import { type Execution, executionFrom } from '../src/alerts/execution';
import { Refusal } from '../src/alerts/transitions';
import { AzureError } from '../src/azure/errors';
import { isolate, release } from '../src/responses/isolate';
import type { PressJob, ResponseDeps } from '../src/responses/response';
import type { Store } from '../src/store/store';
import { event, vm } from './support/event';
import { type OwnStore, startStore } from './support/store';

/** Runs of a random walk; the nightly job asks for more. */
const numRuns = Math.min(Number(process.env.FUZZ_RUNS ?? 150), 1000);

let own: OwnStore;
let store: Store;
beforeAll(async () => {
  own = await startStore();
  store = own.store;
});
afterAll(() => own.stop());

const groups = ['/g/web', '/g/db', null] as const;
const machines = ['vm-1', 'vm-2'].map((name) => vm.replace('vm-1', name));
const nicsOf = (machine: string) => [0, 1].map((i) => `${machine}-nic${i}`);
const nics = machines.flatMap(nicsOf);

class Death extends Error {}

/** What comes between two of our calls on Azure: our end, before or after the call, or somebody's hand. */
interface Happening {
  atCall: number;
  what: 'die before' | 'die after' | 'by hand';
  nic: string;
  group: string | null;
}

/** Interfaces with ETags, and beside them the model: the group that somebody else wrote last. */
function createNetwork() {
  const actual = new Map(nics.map((id) => [id, { group: '/g/web' as string | null, etag: 0 }]));
  const theirs = new Map<string, string | null>(nics.map((id) => [id, '/g/web']));
  let due: Happening[] = [];
  let calls = 0;
  const byHand = (nic: string, group: string | null) => {
    const known = actual.get(nic) as { group: string | null; etag: number };
    actual.set(nic, { group, etag: known.etag + 1 });
    theirs.set(nic, group);
  };
  async function call<T>(work: () => T): Promise<T> {
    calls++;
    const now = due.filter(({ atCall }) => atCall === calls);
    for (const { nic, group } of now.filter(({ what }) => what === 'by hand')) byHand(nic, group);
    if (now.some(({ what }) => what === 'die before')) throw new Death();
    const answer = work();
    if (now.some(({ what }) => what === 'die after')) throw new Death();
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
    setGroup: ({ id, etag }: { id: string; etag: number }, group: string | null) =>
      call(() => {
        const known = actual.get(id) as { group: string | null; etag: number };
        if (known.etag !== etag) throw new AzureError('changed meanwhile', 'PreconditionFailed', 412, 0, '');
        actual.set(id, { group, etag: etag + 1 });
      }),
  };
  return {
    actual,
    theirs,
    byHand,
    azure,
    /** From the next call on. */
    expect: (happenings: Happening[]) => {
      calls = 0;
      due = happenings;
    },
  };
}

const happening = fc.record({
  atCall: fc.integer({ min: 1, max: 16 }),
  what: fc.constantFrom('die before' as const, 'die after' as const, 'by hand' as const),
  nic: fc.constantFrom(...nics),
  group: fc.constantFrom(...groups),
});
const step = fc.oneof(
  fc.record({
    press: fc.constantFrom('isolate' as const, 'release' as const),
    happenings: fc.array(happening, { maxLength: 4 }),
  }),
  fc.record({ nic: fc.constantFrom(...nics), group: fc.constantFrom(...groups) }),
);

test('however we die and whoever else writes, isolated is cut off, and released is what others wrote last', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const id = `RW-model-${++number}`;
      const network = createNetwork();
      const executions = machines.map(
        (resourceId) => executionFrom(event({ resourceId, id: resourceId })) as Execution,
      );
      await store.alerts.update(id, () => ({ alert: newAlert(id, executions, '2026-11-25T00:00:00Z') }));
      const deps = { azure: network.azure, store, show: async () => {} } as unknown as ResponseDeps;
      let isolated = false;
      const finished: string[] = [];
      for (const [index, each] of steps.entries()) {
        if ('nic' in each) {
          network.byHand(each.nic, each.group);
          continue;
        }
        const response = each.press === 'isolate' ? isolate : release;
        const press = {
          alertId: id,
          pressId: `p${index}`,
          action: each.press,
          by: { surface: 'slack', id: 'u', name: 'Sam' },
          at: '2026-11-25T00:00:00Z',
        } as unknown as PressJob;
        network.expect(each.happenings);
        const refused = await untilThrough(() => run(response, press, deps));
        expect(refused).toBe(each.press === 'isolate' ? isolated : !isolated);
        if (refused) continue;
        finished.push(each.press);
        isolated = each.press === 'isolate';
        const alert = (await store.alerts.get(id)) as Alert;
        for (const nic of nics) {
          const { group } = network.actual.get(nic) as { group: string | null };
          const known = alert.isolation?.interfaces.find((one) => one.id === nic);
          if (!isolated) expect(group).toBe(network.theirs.get(nic));
          else {
            expect(known?.cut).toBe(true);
            const opened = each.happenings.some((one) => one.what === 'by hand' && one.nic === nic);
            if (!opened) expect(group).toMatch(/runwatch-isolation-westeurope$/);
          }
        }
        expect(alert.isolation?.status).toBe(isolated ? 'isolated' : 'released');
      }
      const done = (await store.audit.read()).filter((each) => each.alertId === id && each.result === 'done');
      expect(done.map(({ action }) => action)).toEqual(finished);
      // The next run has the same machines: this one holds none of them any more.
      await store.alerts.update(id, (alert) => alert && { alert: { ...alert, isolation: null } });
    }),
    { numRuns },
  );
}, 600_000);

const run = async (response: typeof isolate, press: PressJob, deps: ResponseDeps) =>
  response.run((await store.alerts.get(press.alertId)) as Alert, press, deps);

/** As a queue does it: again after each death. True when it was refused. */
async function untilThrough(work: () => Promise<unknown>): Promise<boolean> {
  for (;;) {
    try {
      await work();
      return false;
    } catch (error) {
      if (error instanceof Refusal) return true;
      if (!(error instanceof Death)) throw error;
    }
  }
}
