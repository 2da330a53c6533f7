import type { ActivityEvent } from '../../src/domain/activity/activity-event';

export const vm =
  '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1';

/** An activity event with defaults; a test sets only the fields that it needs. */
export const event = (fields: Partial<ActivityEvent> = {}): ActivityEvent => ({
  id: 'e1',
  time: '2026-11-20T22:14:26.100Z',
  submitted: null,
  operation: 'Microsoft.Compute/virtualMachines/runCommand/action',
  status: 'started',
  subStatus: null,
  resourceId: vm,
  subscriptionId: '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
  correlationId: 'c1',
  caller: { id: null, name: 'dana', upn: 'dana', type: 'Unknown', ip: null, appId: null },
  refused: false,
  grantedBy: null,
  requestBody: null,
  message: null,
  ...fields,
});
