import { startApp } from '../../src/app';
import { createAzure } from '../../src/azure/azure';
import { allRoles } from '../../src/config/config';
import { loadConfig } from '../../src/load-config';
import { createLog } from '../../src/runtime/log';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

const first = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const second = '1c8e3d2f-4b66-4d13-9f5c-03a8c1b7e421';

let bench: Bench;
afterEach(() => bench.stop());

/** Starts a bot whose token names a tenant; the simulated tenant's own token names none. */
function startIn(tenantId: () => Promise<string | null>) {
  const config = loadConfig(bench.env);
  return startApp({
    config,
    roles: allRoles,
    log: createLog('silent'),
    azure: () => ({ ...createAzure(config, { tlsOptions: { ca: bench.tenant.ca } }), tenantId }),
  });
}

test('a second bot of another tenant does not start on the same Redis, and one of the same tenant does', async () => {
  bench = await setUp({ mode: 'none' });
  const one = await startIn(async () => first);
  const before = bench.tenant.requests.length;
  await expect(startIn(async () => second)).rejects.toThrow(`belongs to the Runwatch of tenant ${first}`);
  const two = await startIn(async () => first);
  await until('the first to go on', () => bench.tenant.requests.length > before);
  await two.stop();
  await one.stop();
});

test('a bot that learns its tenant after the start is told to stop', async () => {
  bench = await setUp({ mode: 'none' });
  const one = await startIn(async () => first);
  let answer: (tenant: string) => void = () => {};
  const late = new Promise<string>((done) => {
    answer = done;
  });
  const two = await startIn(() => late);
  let isRefused = false;
  void two.refused.then(() => {
    isRefused = true;
  });
  answer(second);
  await until('the refusal', () => isRefused, 45);
  await two.stop();
  await one.stop();
});
