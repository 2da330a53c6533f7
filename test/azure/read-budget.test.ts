import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { type Azure, createAzure } from '../../src/azure/azure';
import { createReadBudget } from '../../src/azure/connection/read-budget';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addMachine, subscriptions } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

const url = 'https://management.azure.com/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resources';
const start = Date.now();

/** A subscription that reports `left` reads. Time passes only as the test says. */
function begin(left: number) {
  const state = { now: start, left, status: 200, retryAfter: '', sent: [] as string[] };
  const budget = createReadBudget(() => state.now);
  const send = (name: string, priority?: number, method: 'GET' | 'PUT' = 'GET') => {
    const request = createPipelineRequest({ url, method });
    const work = () =>
      budget.policy.sendRequest(request, async (sent): Promise<PipelineResponse> => {
        state.sent.push(name);
        const headers = createHttpHeaders({
          'x-ms-ratelimit-remaining-subscription-reads': String(state.left),
          ...(state.retryAfter ? { 'retry-after': state.retryAfter } : {}),
        });
        return { request: sent, status: state.status, headers };
      });
    return priority === undefined ? work() : budget.byPriority(priority, work);
  };
  return { state, send };
}

test('below the reserve, enrichment waits by priority, and other reads are sent', async () => {
  const { state, send } = begin(40);
  await send('poll');
  const waiting = [
    ['low', 10],
    ['high', 90],
    ['middle', 50],
  ].map(([name, priority]) => send(String(name), Number(priority)));
  await send('respond');
  expect(state.sent).toEqual(['poll', 'respond']);
  state.left = 200;
  await send('poll again');
  await Promise.all(waiting);
  expect(state.sent).toEqual(['poll', 'respond', 'poll again', 'high', 'middle', 'low']);
});

test('a read that waits too long says that it waits for the read limit', async () => {
  const { state, send } = begin(20);
  await send('poll');
  const waiting = send('enrich', 50);
  state.left = 0;
  state.now += 4000;
  await send('poll');
  await expect(waiting).rejects.toMatchObject({
    code: 'ReadLimit',
    statusCode: 429,
    message: "waiting for Azure's read limit in this subscription",
  });
  expect(state.sent).toEqual(['poll', 'poll']);
});

test('reads go on as the limit refills', async () => {
  const { state, send } = begin(49);
  await send('poll');
  const waiting = send('enrich', 50);
  expect(state.sent).toEqual(['poll']);
  state.now += 1000;
  await waiting;
  expect(state.sent).toEqual(['poll', 'enrich']);
});

test('a 429 stops enrichment for as long as Azure says, and nothing else', async () => {
  const { state, send } = begin(200);
  Object.assign(state, { status: 429, retryAfter: '30' });
  await expect(send('enrich', 50)).rejects.toMatchObject({ code: 'ReadLimit', retryAfterMs: 30_000 });
  Object.assign(state, { status: 200, retryAfter: '' });
  await expect((async () => send('enrich', 90))()).rejects.toMatchObject({ code: 'ReadLimit' });
  await send('respond');
  await send('isolate', 50, 'PUT');
  expect(state.sent).toEqual(['enrich', 'respond', 'isolate']);
  state.now += 30_000;
  await send('enrich', 50);
  expect(state.sent).toHaveLength(4);
});

describe('over the SDK', () => {
  let tenant: Tenant;
  let machines: string[];
  let azure: Azure;
  beforeEach(async () => {
    tenant = await startTenant();
    tenant.state.subscriptions.set(subscriptions.payments, 'Payments');
    machines = [1, 2, 3, 4].map((n) =>
      addMachine(tenant, `vm-${n}`, { subscription: subscriptions.payments, resourceGroup: 'rg' }),
    );
    azure = createAzure(
      loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
      { tlsOptions: { ca: tenant.ca } },
    );
  });
  afterEach(() => tenant.stop());

  const read = (n: number) => tenant.requests.filter(({ path }) => path.endsWith(`/vm-${n}`)).length;

  test('with the reserve left, responses read at once and enrichment by priority', async () => {
    tenant.state.remainingReads = 20;
    await azure.readMachine(machines[0] ?? '');
    const waiting = [1, 2, 3].map((n) => azure.byPriority(n * 10, () => azure.machineNow(machines[n] ?? '')));
    await azure.readMachine(machines[0] ?? '');
    expect([read(1), read(2), read(3), read(4)]).toEqual([2, 0, 0, 0]);
    tenant.state.remainingReads = 51;
    await azure.readMachine(machines[0] ?? '');
    await Promise.all(waiting);
    const order = tenant.requests.map(({ path }) => path.at(-1));
    expect(order).toEqual(['1', '1', '1', '4', '3', '2']);
  });

  test('a 429 is the reason of a read that enrichment tries again, and does not stop responses', async () => {
    tenant.faults.add({ when: /vm-1$/, status: 429, retryAfter: 60, times: 1 });
    const enriching = (n: number) => azure.byPriority(50, () => azure.machineNow(machines[n] ?? ''));
    await expect(enriching(0)).rejects.toThrow("waiting for Azure's read limit");
    await expect(enriching(1)).rejects.toMatchObject({ statusCode: 429, code: 'ReadLimit' });
    expect(tenant.requests).toHaveLength(1);
    await expect(azure.readMachine(machines[0] ?? '')).resolves.toMatchObject({ power: 'running' });
  });
});
