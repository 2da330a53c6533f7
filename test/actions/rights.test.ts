import type { Action } from '../../src/actions/action';
import { actionOf } from '../../src/actions/registry';
import { needsFourEyes, rightsFor } from '../../src/actions/rights';
import type { PolicyFile, ResponderRule } from '../../src/config/config';
import { newAlert } from '../../src/domain/alerts/alert';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { refusalFor } from '../../src/presses/authorize';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const one = (id: string) => actionOf(id) as Action;
const execution = executionFrom(event()) as Execution;
const view = untouched(newAlert('RW-1', [execution], execution.startedAt));
const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam', email: 'Sam@contoso.example' };
const ask = (
  who: string[] | null,
  fields: Partial<Parameters<typeof refusalFor>[0]> = {},
  rule: Partial<ResponderRule> = {},
) =>
  refusalFor(
    { action: 'isolate', needs: 'responder', presser: sam, subscriptionId: 'SUB-1', ...fields },
    who ? [{ who, may: 'all', subscriptions: null, ...rule }] : [],
    async (group) => group === 'slack-group:S0SOC',
    async () => true,
  );

test.each<[string, string[], boolean]>([
  ['everyone', ['*'], true],
  ['by user id', ['u0sam0000'], true],
  ['by email', ['sam@CONTOSO.example'], true],
  ['by domain', ['*@contoso.example'], true],
  ['by another domain', ['*@evil.example'], false],
  ['by user group', ['slack-group:S0SOC'], true],
  ['by another group', ['slack-group:S0OTHER'], false],
  ['by another user id', ['U0LEE0000'], false],
])('%s', async (_, who, may) => {
  expect((await ask(who)) === null).toBe(may);
});

test('without responders, everyone may triage and nobody may act', async () => {
  expect(await ask(null, { action: 'acknowledge', needs: 'triage' })).toBeNull();
  expect(await ask(null)).toMatch(/RUNWATCH_RESPONDERS/);
});

test('a rule can be limited to actions and subscriptions', async () => {
  expect(await ask(['*'], {}, { may: ['acknowledge'] })).not.toBeNull();
  expect(await ask(['*'], {}, { subscriptions: ['sub-1'] })).toBeNull();
  expect(await ask(['*'], {}, { subscriptions: ['sub-2'] })).not.toBeNull();
});

test('a refusal says which responders may, to people who may read', async () => {
  expect(await ask(['soc@contoso.example', 'slack-group:S0OTHER'])).toContain(
    'may isolate here. Ask one of them (soc@contoso.example, slack-group:S0OTHER), or',
  );
  expect(await ask(['U1', 'U2', 'U3', 'U4', 'U5', 'U6', 'U7'])).toContain('(U1, U2, U3, U4, U5 and 2 more)');
  expect(await ask(['*'], {}, { may: ['acknowledge'] })).toContain('may isolate here: nobody is.');
  const rules = [{ who: ['soc@contoso.example'], may: 'all' as const, subscriptions: null }];
  const asked = { action: 'isolate', needs: 'responder' as const, presser: sam, subscriptionId: 'SUB-1' };
  const outside = await refusalFor(
    asked,
    rules,
    async () => false,
    async () => false,
  );
  expect(outside).toContain('Ask one of them, or');
});

test('the right to isolate does not include lock: each selected option needs its own right', () => {
  expect(rightsFor(one('isolate_with'), { also: 'lock,restart,nonsense' }, view)).toEqual([
    'isolate',
    'restart',
    'lock',
  ]);
  expect(rightsFor(one('extend_exception'), {}, null)).toEqual(['add_exception']);
  expect(rightsFor(one('revoke_listed'), {}, null)).toEqual(['revoke_role']);
});

test.each<[string, string, Record<string, unknown>, PolicyFile, boolean]>([
  ['required by the action itself', 'restore', {}, {}, true],
  ['required by its undo action', 'restore_old_disk', {}, {}, true],
  ['turned off by the configuration', 'restore', {}, { fourEyes: [] }, false],
  ['required by the configuration', 'isolate', {}, { fourEyes: ['isolate'] }, true],
  ['required for a selected option', 'isolate_with', { also: 'restart' }, { fourEyes: ['restart'] }, true],
  ['not required for an option that is not selected', 'isolate_with', {}, { fourEyes: ['restart'] }, false],
  ['required for roles an access review lists', 'revoke_listed', {}, { fourEyes: ['revoke_role'] }, true],
])('four-eyes approval is %s', (_, action, input, policy, wanted) => {
  expect(needsFourEyes(one(action), input, view, policy, actionOf)).toBe(wanted);
});
