import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { factsOf } from '../../../src/chat/fact-lines';
import { homeOf } from '../../../src/domain/activity/home-tenant';
import { normalize } from '../../../src/domain/activity/read-record';
import { newAlert } from '../../../src/domain/alerts/alert';
import { callerIdentity, homeText } from '../../../src/domain/alerts/caller-name';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const ours = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const theirs = '1c8e3d2f-4b66-4d13-9f5c-03a8c1b7e421';
const tid = 'http://schemas.microsoft.com/identity/claims/tenantid';
const idp = 'http://schemas.microsoft.com/identity/claims/identityprovider';

const home = (claims: Record<string, unknown>, tenant = ours, properties = {}) =>
  homeOf({ claims, tenant, properties }).home;

test('a guest is from the tenant that authenticated them', () => {
  expect(home({ [tid]: ours, [idp]: `https://sts.windows.net/${theirs}/` })).toBe(theirs);
  expect(home({ tid: ours, idp: `https://login.microsoftonline.com/${theirs}/v2.0` })).toBe(theirs);
  expect(home({ [tid]: ours, [idp]: `https://sts.windows.net/${theirs.toUpperCase()}/` }, '')).toBe(theirs);
});

test('a guest without a tenant is named by their identity provider', () => {
  expect(home({ [tid]: ours, [idp]: 'live.com' })).toBe('live.com');
  expect(home({ [tid]: ours, [idp]: 'Google.com' })).toBe('google.com');
});

test('an operator of a managing tenant is from the tenant of their token', () => {
  expect(home({ [tid]: theirs })).toBe(theirs);
  expect(
    home({ [tid]: theirs }, '', { hierarchy: `${ours}/mg-prod/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01` }),
  ).toBe(theirs);
  expect(home({ [tid]: theirs, [idp]: `https://sts.windows.net/${theirs}/` })).toBe(theirs);
});

test('nothing is said of our own people, nor of what the log does not tell', () => {
  expect(home({ [tid]: ours })).toBeUndefined();
  expect(home({ [tid]: ours, [idp]: `https://sts.windows.net/${ours}/` })).toBeUndefined();
  expect(home({ [tid]: theirs }, '')).toBeUndefined();
  expect(home({ [tid]: theirs }, '', { hierarchy: 'mg-prod/x' })).toBeUndefined();
  expect(home({ [idp]: `https://sts.windows.net/${theirs}/` }, '')).toBeUndefined();
  for (const odd of [
    '',
    'mail',
    'x'.repeat(300),
    `${'a'.repeat(200)}.example`,
    'evil <b>.com',
    `https://sts.windows.net/${theirs}.evil/`,
  ])
    expect([odd, home({ [tid]: ours, [idp]: odd })]).toEqual([odd, undefined]);
});

const folder = join(__dirname, '../../fixtures/activity-log');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const records: Record<string, object> = {
  rest: JSON.parse(read('rest.json')).value[0],
  diagnostic: JSON.parse(read('diagnostic.ndjson').split('\n')[0] as string),
  'log-analytics': JSON.parse(read('log-analytics.json'))[0],
};

test.each(Object.entries(records))('a guest is recognized in a record of the shape %s', (_, record) => {
  const claim = `"${idp}":"https://sts.windows.net/${theirs}/",`;
  const before = JSON.stringify(record);
  const quoted = claim.replaceAll('"', '\\"');
  const after = before
    .replace(`"${tid}"`, `${claim}"${tid}"`)
    .replace(`\\"${tid}\\"`, `${quoted}\\"${tid}\\"`);
  expect(after).not.toBe(before);
  const caller = (text: string) => {
    const result = normalize(JSON.parse(text));
    return 'event' in result ? result.event.caller : null;
  };
  expect(caller(before)).not.toHaveProperty('home');
  expect(caller(after)?.home).toBe(theirs);
});

test('the alert names the home tenant beside the caller, and in the facts', () => {
  const caller = { ...event().caller, name: 'kim@fabrikam.example', home: theirs };
  const alert = newAlert('RW-1', [executionFrom(event({ caller })) as Execution], event().time);
  expect(callerIdentity(alert)).toBe(`home tenant ${theirs}`);
  const who = factsOf(alert, Date.parse(event().time)).find(({ label }) => label === 'Who');
  expect(JSON.stringify(who)).toContain(`home tenant ${theirs}`);
  const live = newAlert(
    'RW-2',
    [executionFrom(event({ caller: { ...caller, home: 'live.com' } })) as Execution],
    '',
  );
  expect(homeText(live)).toBe('signs in with live.com');
  expect(homeText(newAlert('RW-3', [executionFrom(event()) as Execution], ''))).toBe('');
});
