import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { subscriptions } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { normalize } = require('../../dist/domain/activity/read-record.js');

/** Events that share nothing: each has a caller and a machine that no other has. */
export const strangers = (count) => Array.from({ length: count }, (_, i) => eventOf(i));

function eventOf(i) {
  const resourceId = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-${i}`;
  const id = `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const caller = { id, kind: 'User', name: `User ${i}`, login: `user${i}@contoso.example` };
  const at = Date.now() - 60_000;
  const operation = { name: runCommand, resourceId, caller, ip: '203.0.113.24', at, tookMs: 1000 };
  return normalize(recordsOf(operation, 'tenant')[2]).event;
}
