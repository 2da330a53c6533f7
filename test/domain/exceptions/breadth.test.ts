import { newAlert } from '../../../src/domain/alerts/alert';
import { privilegedAlertOf, tooBroad } from '../../../src/domain/exceptions/breadth';
import type { Match } from '../../../src/domain/exceptions/exception';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const dana = { id: null, name: 'dana', upn: 'dana', type: 'User' as const, ip: null, appId: null };
const execution = executionFrom(event({ caller: dana })) as Execution;
const plain = newAlert('RW-1', [execution], execution.startedAt);
const privileged = {
  ...plain,
  facts: {
    access: {
      grant: null,
      source: 'resolved' as const,
      group: null,
      assignedAt: null,
      assignedBy: null,
      until: null,
      condition: null,
      otherWays: 0,
      alsoCan: [],
      canChangeAccess: true,
      machines: null,
      subscriptionName: null,
    },
  },
};

test.each<[string, Match, boolean]>([
  ['a technique', { technique: 'run-command' }, true],
  ['a whole subscription', { subscription: 's' }, true],
  ['any caller', { caller: '*' }, true],
  ['nearly any machine', { target: 'v*' }, true],
  ['only hours', { hours: { days: 'sun' } }, true],
  ['a list in which one entry matches everything', { target: ['vm-1', '*'] }, true],
  ['a caller', { caller: 'dana' }, false],
  ['machines by name', { target: 'vm-web-*' }, false],
  ['a tag', { tag: { env: 'dev' } }, false],
  ['a script', { script: { sha256: 'a'.repeat(64) } }, false],
  ['an IP range', { ip: '203.0.113.0/24' }, false],
  ['every IPv4 address', { ip: '0.0.0.0/0' }, true],
  ['every IPv6 address', { ip: '::/0' }, true],
  ['a small range and a large one', { ip: ['203.0.113.0/28', '10.0.0.0/8'] }, true],
  ['a prefix of every id', { target: '/sub*' }, true],
  ['a path that every machine has', { target: '*/subscriptions/*' }, true],
  ['a short prefix of a resource group', { resourceGroup: 'rg-*' }, true],
  ['everyone in a domain', { caller: '*@contoso.example' }, true],
  ['any value of a tag', { tag: { env: '*' } }, true],
  ['a pattern that matches everything', { script: { pattern: '(?s).*' } }, true],
  ['a pattern that matches any command', { script: { pattern: 'echo|whoami|e' } }, true],
  ['a pattern for one script', { script: { pattern: '^apt-get (update|upgrade)' } }, false],
  ['everyone from everywhere', { caller: '*', ip: '0.0.0.0/0' }, true],
])('%s is too broad for one person: %s', (_, match, broad) => {
  expect(tooBroad(match, [plain]) !== null).toBe(broad);
});

test('one person can except a caller who may change access on one machine, but not everywhere', () => {
  expect(tooBroad({ caller: 'dana' }, [privileged])).toMatch(/may change access/);
  expect(tooBroad({ caller: 'dana', target: 'vm-1' }, [privileged])).toBeNull();
  expect(tooBroad({ caller: 'patch-bot' }, [privileged])).toBeNull();
});

async function* pagesOf(...pages: (typeof privileged)[][]) {
  for (const page of pages) yield page;
}

test('a caller who may change access is found however old the alert is', async () => {
  const newer = Array.from({ length: 60 }, () => new Array(100).fill(plain));
  const match = { caller: 'dana' };
  const found = await privilegedAlertOf(match, pagesOf(...newer, [privileged]));
  expect(tooBroad(match, found)).toMatch(/may change access/);
  expect(tooBroad(match, await privilegedAlertOf(match, pagesOf(...newer)))).toBeNull();
  expect(await privilegedAlertOf({ ...match, target: 'vm-1' }, pagesOf([privileged]))).toEqual([]);
});
