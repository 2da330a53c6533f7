import { exceptionForm, readExceptionForm } from '../../../src/actions/triage/exception-form';
import { likeClosedLine } from '../../../src/chat/like-closed-line';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import type { LikeClosed } from '../../../src/domain/alerts/facts';
import { judge } from '../../../src/domain/alerts/judge';
import { defaultPoints } from '../../../src/domain/alerts/score';
import {
  type HarmlessClose,
  harmlessCloseOf,
  likeClosedFrom,
  likenessKey,
  likenessOf,
  maxLikeClosed,
} from '../../../src/domain/alerts/similar';
import { close } from '../../../src/domain/alerts/transitions';
import { presetExceptions } from '../../../src/domain/exceptions/preset-exceptions';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { joinFacts } from '../../../src/pipeline/enrich/enrich';
import { factsAbout } from '../../support/alerts';
import { event, vm } from '../../support/event';

const dana = { ...event().caller, id: 'dana-id', upn: 'dana@contoso.example' };
const run = (fields: Parameters<typeof event>[0] = {}) =>
  executionFrom(event({ caller: dana, ...fields })) as Execution;
const at = '2026-11-20T23:00:00.000Z';
const alertOf = (...executions: Execution[]) => newAlert('RW-1', executions, at);
const withScript = (alert: Alert, sha256: string): Alert => ({
  ...alert,
  facts: alert.executions.reduce<Alert['facts']>((facts, execution) => {
    const script = { text: 'id', sha256, parameters: [], runAs: null, redacted: [], traits: [] };
    return joinFacts(facts, factsAbout(execution, { script }));
  }, {}),
});
const keyOf = (alert: Alert) => {
  const likeness = likenessOf(alert);
  return likeness && likenessKey(likeness);
};
const on = (name: string) => ({ resourceId: vm.replace(/vm-1$/, name), correlationId: name });
const sha256 = 'a'.repeat(64);

const like: LikeClosed = { count: 3, as: 'benign', lastAt: at, alertIds: ['RW-9', 'RW-8', 'RW-7'] };
const liked = (alert: Alert): Alert => ({
  ...alert,
  facts: { ...alert.facts, likeClosed: like },
});

test('alerts are alike by caller, technique and machine', () => {
  const key = keyOf(alertOf(run()));
  expect(keyOf(alertOf(run({ correlationId: 'c2', resourceId: vm.toUpperCase() })))).toBe(key);
  const others = [
    run({ caller: { ...dana, id: 'sam-id' } }),
    run(on('vm-2')),
    run({
      operation: 'Microsoft.Compute/virtualMachines/runCommands/write',
      resourceId: `${vm}/runCommands/x`,
    }),
    run({ status: 'failed', refused: true }),
  ];
  for (const other of others) expect(keyOf(alertOf(other))).not.toBe(key);
  expect(keyOf(alertOf(run(), run(on('vm-2'))))).not.toBe(key);
  expect(keyOf(alertOf(run(on('vm-2')), run()))).toBe(keyOf(alertOf(run(), run(on('vm-2')))));
});

test('with the same script, the machine does not matter', () => {
  const key = keyOf(withScript(alertOf(run()), sha256));
  expect(keyOf(withScript(alertOf(run(on('vm-2'))), sha256))).toBe(key);
  expect(keyOf(withScript(alertOf(run()), 'b'.repeat(64)))).not.toBe(key);
  expect(keyOf(alertOf(run()))).not.toBe(key);
});

test('a caller known only by a name is like nobody', () => {
  expect(likenessOf(alertOf(run({ caller: { ...dana, id: null, upn: null } })))).toBeNull();
});

test('only people closing an alert as benign or expected count', () => {
  const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam' };
  const runwatch = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };
  const alert = alertOf(run());
  expect(harmlessCloseOf(alert)).toBeNull();
  expect(harmlessCloseOf(close(alert, 'true positive', { by: sam, at }))).toBeNull();
  expect(harmlessCloseOf(close(alert, 'expected', { by: runwatch, at }))).toBeNull();
  expect(harmlessCloseOf(close(alert, 'benign', { by: sam, at }))).toEqual({
    key: keyOf(alert),
    alertId: 'RW-1',
    as: 'benign',
    at: Date.parse(at),
  });
});

test('three closed alerts are said, with the last three', () => {
  const closes = [5, 4, 3, 2].map((n): HarmlessClose => ({ alertId: `RW-${n}`, as: 'benign', at: n }));
  expect(likeClosedFrom(closes.slice(0, 2))).toBeNull();
  expect(likeClosedFrom(closes)).toEqual({
    count: 4,
    as: 'benign',
    lastAt: new Date(5).toISOString(),
    alertIds: ['RW-5', 'RW-4', 'RW-3'],
  });
  const mixed = [...closes, { alertId: 'RW-1', as: 'expected' as const, at: 1 }];
  expect(likeClosedFrom(mixed)).toMatchObject({ count: 5, as: 'benign or expected' });
});

test('the message asks for an exception while the alert is open', () => {
  const alert = liked(alertOf(run()));
  expect(likeClosedLine(alert)).toEqual([
    'Like 3 alerts closed as benign (last RW-9 on ',
    { time: at },
    '): add an exception?',
  ]);
  expect(likeClosedLine(alertOf(run()))).toBeNull();
  expect(likeClosedLine({ ...alert, state: 'closed' })).toBeNull();
  const many = { ...alert, facts: { likeClosed: { ...like, count: maxLikeClosed } } };
  expect(likeClosedLine(many)?.[0]).toContain('Like at least 200 alerts');
});

test('it suppresses nothing and scores nothing', () => {
  const plain = judge(alertOf(run()), [], { points: defaultPoints });
  const judged = judge(liked(alertOf(run())), [], { points: defaultPoints });
  expect(judged).toEqual(liked(plain));
  expect(judged.verdict).toBe('alert');
});

test('the quick exception for alerts like it comes first and replaces its equal', () => {
  const ids = (alert: Alert) => presetExceptions(alert).map(({ id }) => id);
  expect(ids(alertOf(run()))).toEqual(['caller-machine.1', 'caller-machine.7', 'caller-machine.30']);
  expect(ids(liked(alertOf(run())))).toEqual(['like-closed.30', 'caller-machine.1', 'caller-machine.7']);
  expect(presetExceptions(liked(alertOf(run())))[0]).toEqual({
    id: 'like-closed.30',
    label: 'Like the alerts closed as benign: 30 days',
    match: { caller: 'dana-id', technique: 'run-command', target: vm },
    days: 30,
    reason: 'Like 3 alerts closed as benign, last RW-9 (from RW-1)',
  });
  expect(presetExceptions(liked(withScript(alertOf(run()), sha256)))[0]?.match).toEqual({
    caller: 'dana-id',
    technique: 'run-command',
    script: { sha256 },
  });
});

test('a burst has only the exception for alerts like it, up to 20 machines', () => {
  const burst = (machines: number) =>
    alertOf(...Array.from({ length: machines }, (_, i) => run(on(`vm-${i + 10}`))));
  expect(presetExceptions(burst(2))).toEqual([]);
  expect(presetExceptions(liked(burst(2)))).toMatchObject([
    { id: 'like-closed.30', match: { target: [vm.replace('vm-1', 'vm-10'), vm.replace('vm-1', 'vm-11')] } },
  ]);
  expect(presetExceptions(liked(burst(21)))).toEqual([]);
});

test.each<[string, Alert, object]>([
  ['machine', alertOf(run()), { target: 'vm-1' }],
  ['machines', alertOf(run(), run(on('vm-2'))), { target: ['vm-1', 'vm-2'] }],
  ['script', withScript(alertOf(run()), sha256), { script: { sha256 } }],
])('the form is prefilled with the caller, the technique and the %s', (_, alert, match) => {
  const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam', email: 'sam@contoso.example' };
  const fields = exceptionForm(liked(alert), sam, Date.parse(at));
  const form = readExceptionForm(Object.fromEntries(fields.map(({ id, value }) => [id, value])));
  expect(form).toEqual({
    input: {
      match: { caller: 'dana@contoso.example', technique: 'run-command', ...match },
      reason: 'Like 3 alerts closed as benign, last RW-9 (from RW-1)',
      owner: 'sam@contoso.example',
      expires: '2026-12-20',
    },
  });
});
