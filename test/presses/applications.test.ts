import type { ResponderRule } from '../../src/config/config';
import { isCallerOf, newAlert } from '../../src/domain/alerts/alert';
import { assessException } from '../../src/domain/exceptions/exception-policy';
import { isPerson, mayApprove, type Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { mayRead, refusalFor } from '../../src/presses/authorize';
import { event } from '../support/event';

const appId = '5b0f7c1e-0000-4000-8000-0000000000a1';
const objectId = '5b0f7c1e-0000-4000-8000-0000000000b2';
const issuer = 'https://id.contoso.example';
const soar: Presser = { surface: 'api', id: appId, objectId, name: 'SOAR', issuer };
const sam: Presser = { surface: 'console', id: `${issuer}#sam`, name: 'Sam', issuer };
const inEveryGroup = async () => true;

const rule = (...who: string[]): ResponderRule => ({ who, may: 'all', subscriptions: null });
const refusal = (rules: ResponderRule[], needs: 'triage' | 'responder' = 'responder') =>
  refusalFor(
    { action: 'isolate', needs, presser: soar, subscriptionId: 's' },
    rules,
    inEveryGroup,
    async () => true,
  );

test('an application is a responder only by its client id or object id', async () => {
  expect(await refusal([rule('*')])).toMatch(/not among the responders/);
  expect(await refusal([rule('*@contoso.example', 'entra-group:g', 'slack-group:S')])).toMatch(
    /not among the responders/,
  );
  expect(await refusal([rule(appId.toUpperCase())])).toBeNull();
  expect(await refusal([rule(objectId)])).toBeNull();
});

test('while no responder is configured, an application does not triage', async () => {
  expect(await refusal([], 'triage')).toMatch(/may not read/);
});

test('an application reads only if it is named as a reader or a responder', async () => {
  const rules = { responders: [], readers: null, inGroup: inEveryGroup, isInAlertChannel: async () => true };
  expect(await mayRead(soar, rules)).toBe(false);
  expect(await mayRead(soar, { ...rules, readers: ['*'] })).toBe(false);
  expect(await mayRead(soar, { ...rules, readers: [appId] })).toBe(true);
  expect(await mayRead(soar, { ...rules, responders: [rule(objectId)] })).toBe(true);
});

test('neither an application nor what it sends for a person approves', () => {
  expect([isPerson(soar), mayApprove(soar)]).toEqual([false, false]);
  const sent = { ...sam, client: appId };
  expect([isPerson(sent), mayApprove(sent), mayApprove(sam)]).toEqual([true, false, true]);
});

test('an application that ran the command is the caller of its alert', () => {
  const caller = { ...event().caller, upn: null };
  const by = (more: Partial<typeof caller>) =>
    newAlert('RW-1', [executionFrom(event({ caller: { ...caller, ...more } })) as Execution], event().time);
  expect(isCallerOf(by({ appId }), soar)).toBe(true);
  expect(isCallerOf(by({ id: objectId }), soar)).toBe(true);
  expect(isCallerOf(by({ appId: 'another' }), soar)).toBe(false);
  expect(isCallerOf(by({ appId }), sam)).toBe(false);
});

test('an application that ran the command does nothing about its alert in the name of a person', () => {
  const caller = { ...event().caller, appId };
  const by = (type: typeof caller.type) =>
    newAlert('RW-1', [executionFrom(event({ caller: { ...caller, type } })) as Execution], event().time);
  expect(isCallerOf(by('ServicePrincipal'), { ...sam, client: appId })).toBe(true);
  // A person may use one application for both.
  expect(isCallerOf(by('User'), { ...sam, client: appId })).toBe(false);
});

test('a person by a token without a verified address has the rights of their name, not of a pattern or group', async () => {
  const sent = { ...sam, client: appId };
  const may = async (presser: Presser, who: string) =>
    (await refusalFor(
      { action: 'isolate', needs: 'responder', presser, subscriptionId: 's' },
      [rule(who)],
      inEveryGroup,
      async () => true,
    )) === null;
  expect(await Promise.all(['*', 'entra-group:g', sam.id].map((who) => may(sent, who)))).toEqual([
    false,
    false,
    true,
  ]);
  const known = { ...sent, email: 'sam@contoso.example' };
  expect(
    await Promise.all(['*', 'entra-group:g', '*@contoso.example'].map((who) => may(known, who))),
  ).toEqual([true, true, true]);
});

test('an exception for the application that a person uses is one for themselves', () => {
  const policy = { now: 0, maxDays: 90, alerts: [], by: { ...sam, client: appId } };
  const exception = { match: { caller: [appId], target: ['vm-1'] }, expires: '1970-01-10T00:00:00Z' };
  expect(assessException(exception, policy).refused).toMatch(/for yourself/);
});
