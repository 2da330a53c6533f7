import { fetchCommand } from '../../src/domain/fetch-script/fetch-commands';
import { ownRunName, signedPart } from '../../src/domain/fetch-script/own-run';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { scriptDigest } from '../../src/domain/techniques/script';
import { withoutOwnRuns } from '../../src/pipeline/own-runs';
import { createLog } from '../../src/runtime/log';
import type { Store } from '../../src/store/store';
import { event, vm } from '../support/event';
import { startStore, testKeyring } from '../support/store';

const token = '0123456789abcdef0123456789abcdef';
const name = ownRunName(token, 1);
const id = `${vm}/runCommands/${name}`;
const fetcher = 'fe7c4e20-0000-4000-8000-000000000002';
const script = fetchCommand('Linux', { what: 'list' });
const sha256 = scriptDigest(script);

let store: Store;
let stop: () => Promise<void>;
beforeEach(async () => {
  ({ store, stop } = await startStore());
});
afterEach(() => stop());

/** What Azure returns for the run command; null if it can't be read, as after its removal. */
let stored: object | null = { source: { script } };
const azure = {
  readProperties: async () => {
    if (!stored) throw new Error('not found');
    return stored;
  },
};
beforeEach(() => {
  stored = { source: { script } };
});

const execution = (more: Partial<Parameters<typeof event>[0]> = {}, key?: string): Execution =>
  executionFrom(
    event({
      operation: 'Microsoft.Compute/virtualMachines/runCommands/write',
      resourceId: id,
      status: 'succeeded',
      caller: { id: fetcher, name: 'runwatch', type: 'ServicePrincipal', ip: null, appId: null },
      ...more,
    }),
    key,
  ) as Execution;

const run = {
  ...{ name, id: id.toLowerCase(), machineId: vm, objectId: fetcher },
  ...{ sha256, alertId: 'RW-1', press: 'p' },
};
const signature = testKeyring.sign('own-run', signedPart(run));
const note = (more: object = {}) => store.ownRuns.note({ ...run, signature, at: Date.now(), ...more });
const sorted = (executions: Execution[]) =>
  withoutOwnRuns(executions, {
    ...{ store, azure, log: createLog('silent') },
    ...{ now: Date.now, keyring: testKeyring },
  });
const audited = async () =>
  (await store.audit.read())
    .filter(({ action }) => action === 'fetch_script.run')
    .map(({ object }) => object);

test('our own run does not alert, and is audited once', async () => {
  await note();
  const other = execution({ resourceId: `${vm}/runCommands/deploy` });
  expect(await sorted([execution(), other])).toEqual([other]);
  expect(await sorted([execution()])).toEqual([]);
  expect(await audited()).toEqual([id]);
});

test('it is recognized after its removal, if Azure returned our script before', async () => {
  await note();
  await store.ownRuns.noteScript(name, 'ours');
  stored = null;
  expect(
    await sorted([execution({ resourceId: id.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions') })]),
  ).toEqual([]);
});

test.each<[string, () => Promise<Execution>]>([
  ['it was not noted', async () => execution()],
  [
    'another identity wrote it',
    async () => {
      await note();
      return execution({
        caller: {
          id: '11aa22bb-0000-4000-8000-000000000001',
          name: 'lee',
          type: 'User',
          ip: null,
          appId: null,
        },
      });
    },
  ],
  [
    'the identity is unknown',
    async () => {
      await note();
      return execution({ caller: { id: null, name: fetcher, type: 'Unknown', ip: null, appId: null } });
    },
  ],
  [
    'it runs another script',
    async () => {
      await note();
      stored = { source: { script: 'cat /etc/shadow' } };
      return execution();
    },
  ],
  [
    'it runs our script with parameters',
    async () => {
      await note();
      stored = { source: { script }, parameters: [{ name: 'x', value: 'y' }] };
      return execution();
    },
  ],
  [
    'it runs our script as someone else',
    async () => {
      await note();
      stored = { source: { script }, runAsUser: 'root' };
      return execution();
    },
  ],
  [
    'it runs a script from elsewhere',
    async () => {
      await note();
      stored = { source: { scriptUri: 'https://example.org/x.sh' } };
      return execution();
    },
  ],
  [
    'its script can no longer be read, and was not read before',
    async () => {
      await note();
      stored = null;
      return execution();
    },
  ],
  [
    'someone changed it while it ran',
    async () => {
      await note();
      await store.ownRuns.noteScript(name, 'changed');
      await store.ownRuns.noteScript(name, 'ours');
      return execution();
    },
  ],
  [
    'it is on another machine',
    async () => {
      await note();
      return execution({ resourceId: id.replace('vm-1', 'vm-2') });
    },
  ],
  [
    'it was written once more than we wrote it',
    async () => {
      await note();
      expect(await sorted([execution({}, 'first')])).toEqual([]);
      return execution({}, 'second');
    },
  ],
  [
    'its note was not signed by us',
    async () => {
      const attacker = '11aa22bb-0000-4000-8000-000000000001';
      await note({ objectId: attacker, script: 'ours' });
      return execution({
        caller: { id: attacker, name: 'lee', type: 'User', ip: null, appId: null },
      });
    },
  ],
  [
    'an alert has it already',
    async () => {
      await note();
      await store.alerts.claim([[execution().key, 'RW-9']]);
      return execution();
    },
  ],
])('it alerts as usual if %s', async (_, make) => {
  const looksLikeOurs = await make();
  expect(await sorted([looksLikeOurs])).toEqual([looksLikeOurs]);
});

test('a second write of ours, after a crash, is ours too', async () => {
  await note();
  await note();
  expect(await sorted([execution({}, 'first'), execution({}, 'second')])).toEqual([]);
});

test('a note expires', async () => {
  await note({ at: Date.now() - 8 * 86_400_000 });
  expect(await store.ownRuns.listLeft(Date.now())).toEqual([]);
});
