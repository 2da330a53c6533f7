import type { ActivityEvent } from '../../src/domain/activity/activity-event';
import { callerKeyOf, newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { timeline } from '../../src/pipeline/enrich/enrich-timeline';
import type { EnrichDeps } from '../../src/pipeline/enrich/enrichment-part';
import { identityOwner } from '../../src/store/events/timeline-store';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const begun = Date.now();
const at = (minutes: number) => new Date(begun + minutes * 60_000).toISOString();
const ended = (id: string, operation: string, minutes: number) =>
  event({ id, operation, status: 'succeeded', time: at(minutes) });

async function timelineOf(events: ActivityEvent[]) {
  const execution = executionFrom(event({ id: 'own', time: at(0) })) as Execution;
  await own.store.timeline.note(callerKeyOf(execution.caller), events, begun);
  const deps = { store: own.store } as unknown as EnrichDeps;
  const facts = await timeline.ask(
    newAlert(`RW-${events[0]?.id}`, [execution], at(0)),
    deps,
    new Promise(() => {}),
  );
  return facts.timeline ?? [];
}

test('opened disks stay on a long timeline, although no alert is raised for them', async () => {
  const noise = Array.from({ length: 90 }, (_, index) =>
    ended(
      `n${index}`,
      `Microsoft.Storage/storageAccounts/${index % 2 ? 'write' : 'listAccountSas/action'}`,
      1 + index / 10,
    ),
  );
  const disk = ended('disk', 'Microsoft.Compute/disks/beginGetAccess/action', -5);
  const shown = await timelineOf([disk, ...noise]);
  expect(shown).toHaveLength(40);
  expect(shown[0]).toMatchObject({ operation: disk.operation, notable: true });
});

test('a machine’s write says what was found out, and is not merged with one that differs', async () => {
  const write = 'Microsoft.Compute/virtualMachines/write';
  await own.store.checks.addNotes([
    { eventId: 'w1', says: 'user data and applications unchanged' },
    { eventId: 'w2', says: 'unknown where it runs' },
  ]);
  const shown = await timelineOf([ended('w1', write, 20), ended('w2', write, 21), ended('w3', write, 22)]);
  expect(shown.slice(-3)).toMatchObject([
    { note: 'user data and applications unchanged', notable: false },
    { note: 'unknown where it runs' },
    { on: 'vm-1' },
  ]);
});

test('what a scale set’s own identity does is on the timeline of a command on its instance', async () => {
  const set = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/ss';
  const operation = 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action';
  const resourceId = `${set}/virtualMachines/3`;
  const execution = executionFrom(
    event({
      id: 'run',
      operation,
      resourceId,
      time: at(0),
      caller: { ...event().caller, name: 'kim', upn: 'kim' },
    }),
  ) as Execution;
  const identity = {
    ...{ id: 'i', name: 'chosen', upn: null, type: 'ManagedIdentity' as const, ip: null, appId: null },
    managedIdentityResource: set.toUpperCase(),
  };
  const keys = { ...ended('keys', 'Microsoft.Storage/storageAccounts/listKeys/action', 1), caller: identity };
  await own.store.timeline.note(identityOwner(set.toLowerCase()), [keys], begun);
  const deps = { store: own.store } as unknown as EnrichDeps;
  const facts = await timeline.ask(newAlert('RW-set', [execution], at(0)), deps, new Promise(() => {}));
  expect(facts.timeline).toMatchObject([{ who: 'SS’s identity', operation: keys.operation, notable: true }]);
});
