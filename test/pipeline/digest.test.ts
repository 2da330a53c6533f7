import { type Alert, newAlert } from '../../src/alerts/alert';
import { type Execution, executionFrom } from '../../src/alerts/execution';
import { defaultPoints } from '../../src/alerts/score';
import { digestText } from '../../src/pipeline/digest';
import { judge } from '../../src/pipeline/judge';
import { event } from '../support/event';

const machine = {
  os: null,
  power: null,
  agent: null,
  tags: { env: 'test' },
  environment: 'test',
  publicIps: [],
  openPorts: null,
  encryption: null,
  locks: [],
  identityCan: [],
  identities: [],
};
const alert = (fields: Partial<Alert> = {}) => {
  const execution = executionFrom(event()) as Execution;
  return judge({ ...newAlert('RW-1', [execution], execution.startedAt), ...fields }, [], {
    points: defaultPoints,
    environments: { test: { alertFrom: 70 } },
  });
};

test('counts what was posted, and names what was not', () => {
  const text = digestText([alert(), alert({ facts: { machine } })]);
  expect(text).toMatch(
    /1 alerts, 1 still open; 1 below their environment's threshold; 0 covered by exceptions/,
  );
  expect(text).toMatch(/• RW-1: Run command on vm-1 by dana, low 27, below 70 in test/);
});

test('a critical score is posted whatever the threshold', () => {
  const history = {
    days: 90,
    onThisMachine: 0,
    byCaller: 0,
    addressSeen: true,
    daily: [],
    usualHour: false,
    refusalsBefore: 3,
    sameScriptAt: null,
  };
  const script = {
    text: 'x',
    sha256: null,
    parameters: [],
    runAs: null,
    output: null,
    exitCode: null,
    redacted: [],
    traits: [{ name: 't', line: 1, text: 'x' }],
  };
  const who = {
    name: null,
    jobTitle: null,
    enabled: null,
    guest: true,
    owners: [],
    application: null,
    signIn: null,
    weakSignIn: true,
    hint: null,
  };
  expect(alert({ facts: { machine, history, script, who } })).toMatchObject({
    severity: 'critical',
    verdict: 'alert',
    threshold: null,
  });
});
