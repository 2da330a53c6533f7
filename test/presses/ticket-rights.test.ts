import type { AlertAction, CheckedPress, FreeAction } from '../../src/actions/action';
import { actionOf } from '../../src/actions/registry';
import type { Config } from '../../src/config/config';
import { isPerson } from '../../src/domain/people/person';
import { mayRead } from '../../src/presses/authorize';
import { authorized } from '../../src/presses/authorize-press';
import { createPeople, type PeopleDeps } from '../../src/presses/identify';
import type { PerformDeps } from '../../src/presses/perform-deps';

const ticket = { surface: 'ticket', id: 'pagerduty', name: 'Sam Ortiz (PagerDuty)' };
const sam = { surface: 'slack', id: 'U0SAM0000', name: 'Sam Ortiz' };
const everyone = [{ who: ['*', 'pagerduty', 'Sam Ortiz (PagerDuty)'], may: 'all', subscriptions: null }];
const deps = {
  config: { responders: everyone, policy: {} },
  inGroup: async () => true,
  mayRead: async () => true,
} as unknown as PerformDeps;

const presses = (id: string, by: CheckedPress['by']) => {
  const press = { pressId: 'p', alertId: 'RW-1', action: id, by, at: '', lastTry: false };
  return authorized(actionOf(id) as AlertAction | FreeAction, press, null, deps);
};

test('a ticket system may only report what became of its incidents, whatever the responders are', async () => {
  await expect(presses('follow_ticket', ticket)).resolves.toMatchObject({ by: ticket });
  for (const id of ['acknowledge', 'close', 'isolate', 'add_exception', 'put_exception', 'escalate'])
    await expect(presses(id, ticket)).rejects.toThrow('and nothing else');
});

test('nobody else may report that', async () => {
  await expect(presses('follow_ticket', sam)).rejects.toThrow('Only the system');
});

test('it is no person: it never approves, and reads nothing', async () => {
  expect(isPerson(ticket)).toBe(false);
  const open = {
    responders: [],
    readers: ['*'],
    inGroup: async () => true,
    isInAlertChannel: async () => true,
  };
  expect(await mayRead(ticket, open)).toBe(false);
});

test('it is known only while its secret is configured', async () => {
  const identify = (escalation: Config['policy']['escalation'], by = ticket) =>
    createPeople({ config: { policy: { escalation } }, surfaces: [] } as unknown as PeopleDeps).identify(
      by,
      null,
    );
  expect(await identify({ callbackSecret: 'a secret of 16 or more' })).toEqual({ presser: ticket });
  expect(await identify({ routingKey: 'key' })).toHaveProperty('refused');
  expect(await identify(undefined)).toHaveProperty('refused');
  const other = { ...ticket, id: 'toString' };
  expect(await identify({ callbackSecret: 'a secret of 16 or more' }, other)).toHaveProperty('refused');
});
