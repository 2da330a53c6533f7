import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { shapeOf } from '../../../src/domain/activity/log-shape';
import { normalize, toIso } from '../../../src/domain/activity/read-record';
import { unwrap } from '../../../src/domain/activity/unwrap';

const folder = join(__dirname, '../../fixtures/activity-log');
const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const lines = (file: string) =>
  readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const shapes = {
  rest: json('rest.json').value,
  diagnostic: lines('diagnostic.ndjson'),
  'log-analytics': json('log-analytics.json'),
  ecs: lines('elastic-ecs.ndjson'),
};

const eventOf = (record: unknown) => {
  const result = normalize(record);
  if ('unreadable' in result) throw new Error(result.unreadable.reason);
  return result.event;
};

describe.each(Object.entries(shapes))('%s', (shape, records) => {
  test('is recognized and read as the same three events', () => {
    expect(shapeOf(records[0])?.id).toBe(shape);
    const events = records.slice(0, 3).map(eventOf);
    expect(events.map((event: { status: string }) => event.status)).toEqual([
      'started',
      'accepted',
      'succeeded',
    ]);
    expect(events.map((event: { time: string }) => event.time)).toEqual([
      '2026-11-20T22:14:26.100Z',
      '2026-11-20T22:14:26.979Z',
      '2026-11-20T22:14:58.512Z',
    ]);
    expect(events[2].caller).toMatchObject({
      id: '9e1f4f2a-0c7b-4a8e-b1d7-3f2c5a6b7c8d',
      name: 'dana.reyes@contoso.example',
      type: 'User',
      ip: '203.0.113.24',
    });
    expect(events[2].resourceId).toBe(
      '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg-payments/providers/Microsoft.Compute/virtualMachines/vm-pay-01',
    );
    expect(events[2].grantedBy.role).toBe('Virtual Machine Contributor');
  });
});

test('an event has the same id in every shape', () => {
  const [first, ...others] = Object.values(shapes).map((records) =>
    records.slice(0, 3).map((record: unknown) => eventOf(record).id),
  );
  expect(new Set(first).size).toBe(3);
  for (const ids of others) expect(ids).toEqual(first);
});

test('evidence names the assignment, with dashes in its ids', () => {
  expect(eventOf(shapes.diagnostic[2]).grantedBy).toMatchObject({
    scope: '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
    assignmentId: '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7d8',
  });
});

test('a refused call has no granting role, even if the record names one', () => {
  const event = eventOf(shapes.rest[3]);
  expect(event).toMatchObject({ status: 'failed', refused: true, grantedBy: null });
});

test('applications and managed identities are distinguished from people', () => {
  expect(eventOf(shapes.rest[4]).caller).toMatchObject({
    type: 'ServicePrincipal',
    id: '7a2b0c41-55ef-4f1b-8a43-6d3a1c0f9e77',
    appId: 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c',
  });
  const managed = structuredClone(shapes.rest[4]);
  managed.claims.xms_mirid =
    '/subscriptions/x/resourcegroups/rg/providers/Microsoft.Compute/virtualMachines/vm-jump';
  expect(eventOf(managed).caller).toMatchObject({ type: 'ManagedIdentity', name: 'vm-jump' });
});

test.each([
  [
    'older Log Analytics rows say Succeeded',
    { ...shapes['log-analytics'][2], ActivityStatusValue: 'Succeeded' },
  ],
  ['ECS with Success in capitals', { ...shapes.ecs[2], event: { outcome: 'Success' } }],
  [
    'claims as an object',
    { ...shapes['log-analytics'][2], Claims: JSON.parse(shapes['log-analytics'][2].Claims) },
  ],
])('%s', (_, record) => {
  expect(eventOf(record)).toMatchObject({
    status: 'succeeded',
    caller: { name: 'dana.reyes@contoso.example' },
  });
});

test('a search hit wraps its document', () => {
  expect([...unwrap({ _index: 'logs', _source: shapes.ecs[2] })]).toEqual([shapes.ecs[2]]);
});

test('times without a zone are UTC, and invalid times give null', () => {
  expect(toIso('2026-11-20T22:14:26.1')).toBe('2026-11-20T22:14:26.100Z');
  expect(toIso('2026-11-20T23:14:26.1000000+01:00')).toBe('2026-11-20T22:14:26.100Z');
  expect(toIso('yesterday')).toBeNull();
});

test('any value is read or rejected with a reason, and never throws', () => {
  const mixed = fc.oneof(
    fc.anything(),
    fc
      .constantFrom(...Object.values(shapes).flat())
      .chain((record) =>
        fc
          .tuple(fc.constantFrom(...Object.keys(record)), fc.anything())
          .map(([key, value]) => ({ ...record, [key]: value })),
      ),
  );
  fc.assert(
    fc.property(mixed, (record) => {
      const result = normalize(record);
      return 'event' in result ? typeof result.event.time === 'string' : result.unreadable.reason.length > 0;
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a display name', { name: 'patch-bot@contoso.example', idtyp: 'user' }],
  ['the email address of a guest', { emailaddress: 'patch-bot@contoso.example', idtyp: 'user' }],
  [
    'the name of an application',
    { app_displayname: 'patch-bot@contoso.example', idtyp: 'app', appidacr: '2' },
  ],
])('%s is shown but identifies nobody', (_, claims) => {
  const { caller } = eventOf({
    ...shapes.rest[2],
    caller: 'patch-bot@contoso.example',
    claims: { ...claims, ipaddr: '203.0.113.1' },
  });
  expect(caller.upn).toBeNull();
  expect(caller.ip).toBe('203.0.113.24');
});

test('an IP address in the token is not used as the source of the request', () => {
  const { httpRequest: _, ...record } = shapes.rest[2];
  expect(eventOf({ ...record, claims: { ...record.claims, ipaddr: '203.0.113.1' } }).caller.ip).toBeNull();
});

test.each([
  ['text from the caller', { statusMessage: 'Forbidden: AuthorizationFailed' }, false],
  ['text that contains a code', { statusMessage: '{"error":{"code":"AuthorizationFailed"}}' }, false],
  ['Azure’s code', { statusCode: 'Forbidden' }, true],
  ['Azure’s code as Elastic spells it', { status_code: 'Forbidden' }, true],
  ['a code that only contains the word', { statusCode: 'NotForbidden' }, false],
])('only Azure’s codes make a failure a refusal: %s', (_, properties, refused) => {
  const failed = { ...shapes.rest[2], status: { value: 'Failed' }, subStatus: { value: '' }, properties };
  expect(eventOf(failed)).toMatchObject({ status: 'failed', refused });
});
