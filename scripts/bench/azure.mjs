// The simulated tenant in a process of its own, as Azure is elsewhere too.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { furnish } = require('../../dist/demo/world.js');

const tenant = await startTenant();
furnish(tenant);
process.send?.({ endpoint: tenant.endpoint, ca: tenant.ca, token: tenant.token });
