import { createReplay } from '../../../src/domain/activity/replay-file';

const id =
  '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg/providers/Microsoft.Automation/automationAccounts/a/jobs/j';
const record = (operation: string, status: string, body?: unknown) => ({
  eventTimestamp: `2026-11-20T22:14:2${status === 'Started' ? 0 : 5}.0000000Z`,
  operationName: { value: operation },
  status: { value: status },
  resourceId: id,
  correlationId: 'c1',
  caller: 'dana@contoso.example',
  subscriptionId: '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
  properties: body ? { requestbody: JSON.stringify(body) } : {},
});
const replayed = (records: unknown[], detections = {}) => {
  const run = createReplay({ format: 'auto', exceptions: [], detections });
  for (const each of records) run.take(each);
  return run.finish().map(({ technique, status, events }) => ({ technique, status, events }));
};

const job = 'Microsoft.Automation/automationAccounts/jobs/write';
const ends = record(job, 'Succeeded');

test('a job is reported where the logged request names a worker group, in any order', () => {
  const begins = record(job, 'Started', { properties: { runOn: 'dc' } });
  const wanted = [{ technique: 'automation', status: 'succeeded', events: 2 }];
  expect(replayed([begins, ends])).toEqual(wanted);
  expect(replayed([ends, begins])).toEqual(wanted);
  expect(replayed([record(job, 'Started', { properties: {} }), ends])).toEqual([]);
  expect(replayed([ends], { automation: true })).toHaveLength(1);
});

test('a machine’s write is not reported, because machines are not read', () => {
  expect(
    replayed([record('Microsoft.Compute/virtualMachines/write', 'Succeeded', { properties: {} })]),
  ).toEqual([]);
});
