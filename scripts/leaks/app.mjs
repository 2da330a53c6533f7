// The whole app in its own process. Answers each message with what it holds after a garbage collection.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startApp } = require('../../dist/app.js');
const { allRoles } = require('../../dist/config/config.js');
const { createAzure } = require('../../dist/azure/azure.js');
const { loadConfig } = require('../../dist/load-config.js');
const { createLog } = require('../../dist/runtime/log.js');

const config = loadConfig(process.env);
const app = await startApp({
  config,
  roles: allRoles,
  log: createLog(config.logLevel),
  backfillDelayMs: 0,
  azure: (metrics) =>
    createAzure(config, { graphEndpoint: config.azure.endpoint, onCall: metrics.calledAzure }),
});
process.on('message', () => {
  // What a first collection finalizes is freed by the next.
  for (let i = 0; i < 3; i++) globalThis.gc();
  const kinds = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { heapUsed, external } = process.memoryUsage();
  process.send({ heap: heapUsed + external, kinds });
});
process.once('SIGTERM', () => app.stop().then(() => process.exit(0)));
process.send({ url: app.url });
