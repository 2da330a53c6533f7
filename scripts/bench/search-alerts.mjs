// The alerts that the search is measured with, and the kinds of queries.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { recordsOf } = require('../../dist/demo/tenant/records.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { normalize } = require('../../dist/domain/activity/read-record.js');
const { newAlert, alertIdOf } = require('../../dist/domain/alerts/alert.js');
const { executionFrom } = require('../../dist/domain/techniques/execution.js');
const { shortDigest } = require('../../dist/domain/text/short-digest.js');
const { createHash } = require('node:crypto');

const callers = 2000;
const machines = 10_000;
const hex = (n) => String(n).padStart(12, '0');
const first = ['Dana', 'Kim', 'Sam', 'Lena', 'Omar', 'Priya', 'Jonas', 'Aiko', 'Marta', 'Tom'];
const last = ['Reyes', 'Novak', 'Okafor', 'Lind', 'Haddad', 'Patel', 'Berg', 'Tanaka', 'Silva', 'Moore'];
const kinds = ['web', 'pay', 'db', 'build', 'mail'];
const environments = ['production', 'production', 'staging', 'test', 'development'];
const severities = ['low', 'low', 'low', 'medium', 'medium', 'medium', 'medium', 'high', 'high', 'critical'];
const team = ['dana', 'lee', 'noor', 'ivan'].map((name) => ({
  surface: 'slack',
  id: `U0${name.toUpperCase()}`,
  name,
  email: `${name}@contoso.example`,
}));
/** The same for every run. */
const random = (i, salt, below) =>
  Number.parseInt(createHash('sha1').update(`${i} ${salt}`).digest('hex').slice(0, 8), 16) % below;

const nameOf = (caller) => `${first[caller % 10]} ${last[Math.floor(caller / 10) % 10]} ${caller}`;
const loginOf = (caller) =>
  `${first[caller % 10]}.${last[Math.floor(caller / 10) % 10]}${caller}@contoso.example`.toLowerCase();
const machineOf = (machine) => `vm-${kinds[machine % kinds.length]}-${String(machine).padStart(5, '0')}`;
const subscriptionOf = (machine) => `5f3c1a52-7d0e-4f0b-9a64-${hex(machine % 40)}`;
const ipOf = (i) => `203.0.${random(i, 'net', 200)}.${random(i, 'ip', 250)}`;
const shaOf = (script) => createHash('sha256').update(String(script)).digest('hex');

/** One in ten has a caller and a machine that no other alert has. The newest 2 % are open. */
export function alertOf(i, at, count = 100_000) {
  const stranger = i % 10 === 0;
  const caller = stranger ? callers + i : random(i, 'caller', callers);
  const machine = stranger ? machines + i : random(i, 'machine', machines);
  const group = `rg-${kinds[machine % kinds.length]}-${machine % 50}`;
  const event = normalize(
    recordsOf(
      {
        name: runCommand,
        resourceId: `/subscriptions/${subscriptionOf(machine)}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${machineOf(machine)}`,
        caller: {
          id: `d0d0d0d0-0000-4000-8000-${hex(caller)}`,
          kind: 'User',
          name: nameOf(caller),
          login: loginOf(caller),
        },
        ip: ipOf(i),
        at,
        tookMs: 1000,
      },
      'tenant',
    )[2],
  ).event;
  const execution = executionFrom(event, shortDigest(String(i)));
  const raisedAt = new Date(at).toISOString();
  const open = i >= count * 0.98;
  const severity = severities[random(i, 'severity', severities.length)];
  const assignee = random(i, 'assigned', 4) === 0 || !open ? team[random(i, 'who', team.length)] : null;
  return {
    ...newAlert(alertIdOf(execution.key), [execution], raisedAt),
    severity,
    score: { low: 20, medium: 55, high: 80, critical: 95 }[severity],
    technique: ['run-command', 'run-command', 'managed-run-command', 'extension', 'serial-console'][
      random(i, 'technique', 5)
    ],
    state: open
      ? ['new', 'new', 'acknowledged', 'investigating', 'contained'][random(i, 'state', 5)]
      : 'closed',
    closedAs: open ? null : 'benign',
    assignee,
    verdict: random(i, 'verdict', 10) === 0 ? 'suppressed' : 'alert',
    ready: true,
    announced: true,
    reasons: [
      { id: 'technique', points: 47, text: 'ran a command on a machine' },
      { id: 'newMachine', points: 20, text: 'never ran anything on this machine before' },
      { id: 'hours', points: 10, text: 'outside usual hours' },
    ],
    facts: {
      who: {
        name: nameOf(caller),
        jobTitle: null,
        enabled: true,
        guest: false,
        owners: [],
        application: null,
        signIn: 'mfa',
        weakSignIn: false,
        hint: null,
      },
      machines: {
        [execution.target.id.toLowerCase()]: {
          os: 'Linux',
          power: 'running',
          agent: null,
          tags: { env: 'x' },
          environment: environments[random(machine, 'environment', 5)],
          publicIps: [],
          openPorts: null,
          encryption: null,
          locks: [],
          identityCan: [],
          identities: [],
        },
      },
      runs: { [execution.key]: { script: 's', output: 'ok', exitCode: 0, redacted: [], final: true } },
      scripts: {
        s: {
          text: 'echo '.repeat(100),
          sha256: shaOf(random(i, 'script', 20_000)),
          parameters: [],
          runAs: null,
          redacted: [],
          traits: [],
        },
      },
    },
  };
}

const idOf = (i) => alertIdOf(shortDigest(String(i)));
const openStates = ['new', 'acknowledged', 'investigating', 'contained'];
const day = 86_400_000;

/** Each kind of query by a number, so that repeats differ. */
export const queries = {
  newest: () => ({}),
  'open, by severity': () => ({ states: openStates, sort: 'severity' }),
  'critical and high': () => ({ severities: ['critical', 'high'] }),
  'all, by severity': () => ({ sort: 'severity' }),
  'assignee and technique': (n) => ({
    assignee: `${team[n % 4].name}@contoso.example`,
    techniques: ['extension'],
  }),
  'unassigned, new': () => ({ states: ['new'], assignee: null }),
  'environment and subscription': (n) => ({ environment: 'test', subscription: subscriptionOf(n % 40) }),
  'suppressed, critical, of a week': (n, now) => ({
    verdict: 'suppressed',
    severities: ['critical'],
    after: now - (n + 7) * 6 * day,
    before: now - n * 6 * day,
  }),
  'before all alerts (none)': () => ({ states: ['new'], before: 0 }),
  'open in the oldest half (none)': (_, now) => ({ states: openStates, before: now - 200 * day }),
  'text: id': (n) => ({ text: idOf(n * 1601) }),
  'text: caller': (n) => ({ text: nameOf(n * 31) }),
  'text: first name': (n) => ({ text: first[n % 10] }),
  'text: UPN': (n) => ({ text: loginOf(n * 31) }),
  'text: object id': (n) => ({ text: `d0d0d0d0-0000-4000-8000-${hex(n * 31)}` }),
  'text: machine': (n) => ({ text: machineOf(n * 157) }),
  'text: beginning of all machines': () => ({ text: 'vm' }),
  'text: beginning of 1 in 10 machines': (n) => ({ text: `vm-pay-0${n % 10}` }),
  'text: one letter': (n) => ({ text: 'abcdefghijklmnopqrstuvwxyz'[n % 26] }),
  'text: address': (n) => ({ text: ipOf(n * 1601) }),
  'text: network': (n) => ({ text: `203.0.${n}.` }),
  'text: script': (n) => ({ text: shaOf(n * 331) }),
  'text: beginning of a script': (n) => ({ text: shaOf(n * 331).slice(0, 8) }),
  'text: nothing': (n) => ({ text: `nobody${n}` }),
  'text: two common words': () => ({ text: 'vm contoso', severities: ['low'] }),
  'text: two that exclude each other': () => ({ text: 'vm-web vm-pay' }),
  'text: common, rare combination': (n) => ({
    text: 'dana vm-db',
    environment: 'development',
    states: ['new'],
    subscription: subscriptionOf(n % 40),
  }),
  'text: only in the oldest alerts': () => ({
    text: 'vm-web-0',
    after: 0,
    before: Date.now() - 390 * day,
    severities: ['critical'],
  }),
};
