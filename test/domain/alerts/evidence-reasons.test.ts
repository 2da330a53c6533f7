import { newAlert } from '../../../src/domain/alerts/alert';
import { defaultPoints, scoreOf } from '../../../src/domain/alerts/score';
import type { SignIn, SignInEvidence } from '../../../src/domain/evidence/sign-ins';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const execution = executionFrom(event()) as Execution;
const started = Date.parse(execution.startedAt);
const before = (minutes: number) => new Date(started - minutes * 60_000).toISOString();
const signIn = (minutes: number, more: Partial<SignIn> = {}): SignIn => ({
  at: before(minutes),
  table: 'SigninLogs',
  app: 'Azure Portal',
  resource: '',
  ip: '203.0.113.24',
  location: 'Oslo, NO',
  device: '',
  client: 'Browser',
  succeeded: true,
  failure: '',
  risk: 'none',
  riskTypes: [],
  mfa: true,
  conditionalAccess: '',
  credential: '',
  count: 1,
  ...more,
});
const evidence = (more: Partial<SignInEvidence>): SignInEvidence => ({
  from: before(360),
  to: before(0),
  readAt: before(0),
  tries: 0,
  final: true,
  failed: [],
  signIns: [],
  changes: [],
  risk: null,
  tables: ['SigninLogs'],
  cut: false,
  ...more,
});
const reasons = (more: Partial<SignInEvidence>) => {
  const alert = newAlert('RW-1', [execution], before(0));
  return scoreOf({ ...alert, facts: { signIns: evidence(more) } }).reasons.slice(1);
};
const change = (minutes: number, kind: 'password' | 'credential' | 'role' | 'activation') => ({
  at: before(minutes),
  kind,
  operation: 'x',
  by: 'sam',
  role: '',
  reason: '',
});

test('a risky sign-in adds points, and says how long before', () => {
  expect(reasons({ signIns: [signIn(5), signIn(40, { risk: 'high' })] })).toEqual([
    { id: 'riskySignIn', points: defaultPoints.riskySignIn, text: 'risky sign-in 40 min before' },
  ]);
});

test('of two, the riskier one is named', () => {
  const [reason] = reasons({ signIns: [signIn(5, { risk: 'medium' }), signIn(40, { risk: 'high' })] });
  expect(reason?.text).toBe('risky sign-in 40 min before');
});

test('a sign-in that failed, or whose risk is low, adds nothing', () => {
  expect(
    reasons({ signIns: [signIn(5, { risk: 'high', succeeded: false }), signIn(6, { risk: 'low' })] }),
  ).toEqual([]);
});

test('an account at risk, and a new password or credential in the day before, add points', () => {
  const risk = { level: 'high', state: 'atRisk', updatedAt: null } as const;
  expect(reasons({ risk, changes: [change(120, 'password')] }).map(({ text }) => text)).toEqual([
    'account at risk (Identity Protection)',
    'password changed 2 h before',
  ]);
  expect(
    reasons({ changes: [change(25 * 60, 'password'), change(5, 'role'), change(5, 'activation')] }),
  ).toEqual([]);
});
