// The simulated tenant in a process of its own, as Azure is elsewhere too.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { addMachine, furnish, subscriptions } = require('../../dist/demo/world.js');

const tenant = await startTenant();
furnish(tenant);
for (let i = 0; i < 40; i++)
  addMachine(tenant, `vm-${i}`, { subscription: subscriptions.payments, resourceGroup: 'rg' });
process.send?.({ endpoint: tenant.endpoint, ca: tenant.ca, token: tenant.token });
