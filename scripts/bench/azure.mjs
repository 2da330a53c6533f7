// Runs the simulated tenant in its own process, so that it does not slow down the measured one.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { addMachine, populateTenant, subscriptions } = require('../../dist/demo/world.js');

const tenant = await startTenant();
populateTenant(tenant);
for (let i = 0; i < Number(process.argv[2] ?? 40); i++)
  addMachine(tenant, `vm-${i}`, { subscription: subscriptions.payments, resourceGroup: 'rg' });
process.send?.({ endpoint: tenant.endpoint, ca: tenant.ca, token: tenant.token });
process.on('message', () => process.send?.(tenant.requests.length));
