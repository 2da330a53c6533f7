// A bot that also asks the simulated tenant's Microsoft Graph, which a bot with a pasted token does not do.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startApp } = require('../../dist/app.js');
const { createAzure } = require('../../dist/azure/azure.js');
const { loadConfig } = require('../../dist/load-config.js');
const { createLog } = require('../../dist/runtime/log.js');

const config = loadConfig(process.env);
const app = await startApp({
  config,
  roles: process.argv[2].split(','),
  log: createLog(config.logLevel),
  azure: (metrics) =>
    createAzure(config, { graphEndpoint: config.azure.endpoint, onCall: metrics.calledAzure }),
});
process.once('SIGTERM', () => app.stop().then(() => process.exit(0)));
