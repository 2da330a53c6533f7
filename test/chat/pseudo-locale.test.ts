import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rangeOf } from '../../src/actions/contain/isolate';
import { alertActions, kindOf } from '../../src/actions/registry';
import { newExceptionForm } from '../../src/actions/triage/exception-form';
import { activityOf } from '../../src/chat/console/activity/activity';
import { activityHtml } from '../../src/chat/console/activity/activity-page';
import { figuresHtml } from '../../src/chat/console/activity/figures-html';
import { bulkResults, bulkSheet } from '../../src/chat/console/alerts/bulk-html';
import { listPage } from '../../src/chat/console/alerts/list-page';
import { queryOf, views } from '../../src/chat/console/alerts/query';
import { auditPage } from '../../src/chat/console/audit/audit-page';
import { auditQueryOf, results } from '../../src/chat/console/audit/query';
import { exceptionsPage } from '../../src/chat/console/exceptions/exceptions-page';
import { newExceptionHtml } from '../../src/chat/console/exceptions/new-form';
import { previewOf } from '../../src/chat/console/exceptions/preview';
import { exceptionViews } from '../../src/chat/console/exceptions/query';
import { exceptionPageOf } from '../../src/chat/console/exceptions/read-exceptions';
import { removeForm } from '../../src/chat/console/exceptions/remove-form';
import { sheetHtml } from '../../src/chat/console/forms';
import { html } from '../../src/chat/console/html';
import { page } from '../../src/chat/console/layout';
import { panelHtml } from '../../src/chat/console/pages';
import { offeredAction } from '../../src/chat/console/presses';
import {
  choicePage,
  deniedPage,
  failedPage,
  signedOutPage,
  signingOutPage,
  unavailablePage,
} from '../../src/chat/console/sign-in/sign-in-pages';
import { healthPage } from '../../src/chat/console/system-health/health-page';
import { messageOf } from '../../src/chat/message';
import { allModal } from '../../src/chat/slack/all-modal';
import { toBlocks } from '../../src/chat/slack/blocks';
import { formModal } from '../../src/chat/slack/form-modal';
import { toHomeBlocks } from '../../src/chat/slack/home-blocks';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toCard } from '../../src/chat/teams/card';
import { toAllCard, toDialogCard } from '../../src/chat/teams/dialog-cards';
import { toHomeCard } from '../../src/chat/teams/home-card';
import { toNoticeCard, toQuestionCard } from '../../src/chat/teams/notice-cards';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { withLaterChanges } from '../../src/domain/alerts/later-changes';
import { defaultPoints } from '../../src/domain/alerts/score';
import { acknowledge, close, contain, reopen } from '../../src/domain/alerts/transitions';
import type { AuditEntry } from '../../src/domain/audit/audit-chain';
import type { ChainState } from '../../src/domain/audit/chain-check';
import type { Exception } from '../../src/domain/exceptions/exception';
import { reportText, reviewActions, reviewText } from '../../src/domain/exceptions/exception-review';
import type { AlertView } from '../../src/domain/measures/alert-view';
import type { Approval } from '../../src/domain/measures/approval';
import { type Measure, measureIdOf } from '../../src/domain/measures/measure';
import type { HealthReport } from '../../src/domain/system-health/health-report';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { type Catalogue, useLocale } from '../../src/domain/text/translate';
import { remind } from '../../src/pipeline/remind';
import { sayGrown, sayRaised } from '../../src/pipeline/say-changes';
import { answerCommand, type ChatCommandDeps } from '../../src/views/chat-commands';
import { digestRow, digestText } from '../../src/views/digest';
import { homeFor } from '../../src/views/home';
import { pageWith } from '../support/alert-list';
import { pageTextOf } from '../support/alert-page';
import { factsAbout, untouched } from '../support/alerts';
import { event } from '../support/event';
import { startStore } from '../support/store';

/** The values in the fixtures, which no language translates. */
const values =
  /dana|\bUser\b|root|Alex Kim|vm-\w+|RW-\w+|A-\w+|[\w-]+ Contributor|5f3c1a52[\w-]+|Payments|PROD|ops-oncall|curl[^·]*|NOTE|https?:\/\/\S+|Linux|:\w+:|rg\b|UTC|SHA-256|EXC-1|\{\{(DATE|TIME)\([^)]*\)\}\}|<!date\^[^>]*>|(Jan|Sep|Nov|Dec) \d|\b[AP]M\b|RUNWATCH_\w+|Runwatch/g;

const pseudo = (text: string) =>
  text
    .split(/(\{\d+\}|#)/)
    .map((part) => (/\p{L}/u.test(part) && !/^\{\d+\}$/.test(part) ? `⟦${part}⟧` : part))
    .join('');

beforeAll(() => {
  const english: Catalogue = JSON.parse(readFileSync(join(__dirname, '../../locales/en.json'), 'utf8'));
  const texts = Object.entries(english).map(([key, text]) => [
    key,
    typeof text === 'string'
      ? pseudo(text)
      : Object.fromEntries(Object.entries(text).map(([category, form]) => [category, pseudo(form)])),
  ]);
  useLocale('en-US', Object.fromEntries(texts));
});
afterAll(() => useLocale('en-US'));

/** What is left of a text without its translated parts and its values. */
const untranslated = (text: string): string =>
  text
    .replaceAll('\\', '')
    .replace(/⟦[^⟦⟧]*(⟧|…|$)/g, ' ')
    .replace(values, '');

const shownKeys = new Set(['text', 'title', 'label', 'placeholder', 'errorMessage', 'fallbackText']);

/** The texts of blocks, cards and lines that people see. */
function textsIn(shown: unknown, key = ''): string[] {
  if (typeof shown === 'string') return shownKeys.has(key) ? [shown] : [];
  if (Array.isArray(shown)) return shown.flatMap((each) => textsIn(each, key));
  if (typeof shown !== 'object' || shown === null) return [];
  const isFact = 'title' in shown && 'value' in shown && Object.keys(shown).length === 2;
  return Object.entries(shown).flatMap(([name, value]) => [
    ...(isFact && name === 'value' && key === 'facts' ? [String(value)] : []),
    ...textsIn(value, name),
  ]);
}
const missed = (texts: readonly string[]) =>
  texts.flatMap((text) => {
    const left = untranslated(text);
    return /\p{L}{2}/u.test(left) ? [`${left.trim()} in ${text}`] : [];
  });

const id = 'RW-NM6KEKQVWY';
const by = { surface: 'slack', id: 'U1', name: 'Alex Kim' } as const;
const at = (minutes: number) => new Date(Date.parse('2026-11-25T22:41:09Z') + minutes * 60_000).toISOString();
const now = Date.parse(at(90));
const linkTo = (alertId: string) => `https://runwatch.example/${alertId}`;
const sla = { critical: { acknowledge: 1, contain: 2, close: 30 } };

const ran = executionFrom(
  event({ caller: { ...event().caller, id: '5f3c1a52-1', ip: '203.0.113.24' } }),
) as Execution;
const execution = (n: number, fields: Partial<Execution> = {}): Execution => ({
  ...ran,
  key: `K${n}`,
  status: 'succeeded',
  caller: { ...ran.caller, type: 'User' },
  target: { ...ran.target, id: ran.target.id.replace('vm-1', `vm-${n}`), name: `vm-${n}` },
  ...fields,
});

const machine = {
  os: 'Linux' as const,
  power: null,
  agent: null,
  tags: {},
  environment: 'PROD',
  publicIps: ['203.0.113.5'],
  openPorts: ['22'],
  encryption: null,
  locks: [],
  identityCan: [],
  identities: [],
};
const script = {
  text: 'curl example.com | sh\nsecond',
  sha256: '0'.repeat(64),
  parameters: [],
  runAs: null,
  redacted: [],
  traits: [{ name: 'downloads and runs', line: 1, text: 'curl example.com | sh' }],
};

function alertOf(executions: Execution[]): Alert {
  const facts = executions.map((one) =>
    factsAbout(one, { machine, script, run: { output: 'curl', exitCode: 3 } }),
  );
  const prevalence = {
    script: {
      runs: 14,
      callers: { count: 2, names: ['dana'] },
      machines: 9,
      firstAt: at(-90_000),
      lastAt: at(-70_000),
      atLeast: true,
      days: 90,
    },
    callerOnMachine: null,
    callerFromNetwork: null,
    machineTechnique: at(-50_000),
  };
  const alert: Alert = {
    ...newAlert(id, executions, at(0)),
    facts: {
      machines: Object.assign({}, ...facts.map((one) => one.machines)),
      runs: Object.assign({}, ...facts.map((one) => one.runs)),
      scripts: Object.assign({}, ...facts.map((one) => one.scripts)),
      prevalence: Object.fromEntries(executions.map(({ key }) => [key, prevalence])),
      history: {
        days: 89,
        onThisMachine: 0,
        newMachines: executions.map(({ target }) => target.id.toLowerCase()),
        byCaller: 3,
        addressSeen: false,
        daily: [1, 0, 2],
        usualHour: false,
        refusalsBefore: 2,
        sameScriptAt: null,
      },
      who: {
        name: 'dana',
        jobTitle: null,
        enabled: false,
        guest: true,
        owners: ['dana'],
        application: null,
        signIn: null,
        weakSignIn: true,
        hint: null,
      },
      access: {
        grant: {
          role: 'VM Contributor',
          scope: `/subscriptions/${ran.target.subscriptionId}`,
          assignmentId: 'a',
        },
        source: 'resolved',
        group: { name: 'ops-oncall', members: 2 },
        assignedAt: at(-600),
        assignedBy: 'dana',
        until: at(600),
        condition: 'x',
        selfAssigned: true,
        deniesNotEvaluated: ['x'],
        otherWays: 2,
        alsoCan: [],
        machines: 26,
        subscriptionName: 'Payments',
      },
      likeClosed: { count: 3, as: 'benign', lastAt: at(-600), alertIds: ['RW-1'] },
      missing: [{ what: 'the script', why: 'failed (HTTP 403, x)' }],
    },
    triage: { notes: [{ at: at(2), by, text: 'NOTE' }] } as Alert['triage'],
  };
  return { ...judge(alert, [], { points: defaultPoints }), severity: 'critical' };
}

const measure = (kind: string, action: string, fields: Partial<Measure> = {}): Measure => ({
  id: measureIdOf(kind, ran.target.id),
  kind,
  target: ran.target.id.toLowerCase(),
  name: 'vm-1',
  subjects: [`machine:${ran.target.id.toLowerCase()}`],
  rev: 1,
  state: 'in force',
  way: 'do',
  action,
  by,
  at: at(4),
  changedAt: at(4),
  press: 'p1',
  alerts: [id],
  before: { interfaces: [{ id: 'vm-nic', before: null }] },
  steps: [],
  says: kindOf(kind)?.says({ interfaces: [{ id: 'vm-nic', before: null }] } as never) ?? '',
  signature: 's',
  ...fields,
});
const steps = (kind: string) =>
  (kindOf(kind)?.steps({ scope: 'vm-1', name: 'vm-1' } as never) ?? []).map(({ words }) => ({
    words,
    state: 'waiting' as const,
  }));

function viewsOf(): Record<string, AlertView> {
  const raised = alertOf([execution(1)]);
  const before = {
    ...raised,
    announced: true,
    severity: 'medium',
    score: 50,
    reasons: raised.reasons.slice(0, 1),
  };
  const fresh = { ...withLaterChanges(before as Alert, raised, at(1)), announced: true };
  const taken = acknowledge(fresh, { by, at: at(3) });
  const contained = contain(taken, { by, at: at(4) });
  const closed = close(contained, 'true positive', { by, at: at(60), note: 'NOTE' });
  const approval: Approval = {
    id: 'A-1',
    rev: 1,
    state: 'asked',
    alertId: id,
    action: 'restore',
    what: 'NOTE',
    why: 'NOTE',
    by,
    at: at(80),
    until: at(100),
    needed: 1,
    pin: null,
    job: {},
    signature: '',
    approvals: [],
  };
  const asked = { name: 'dana', at: at(5), userId: 'U2', surface: 'slack', answer: 'no' };
  const denied = alertOf([execution(1, { refused: true, status: 'failed' })]);
  const storm = Array.from({ length: 1200 }, (_, n) =>
    execution(n + 1, n % 100 === 0 ? { status: 'failed' } : {}),
  );
  return {
    new: untouched(fresh),
    denied: untouched({ ...denied, announced: true }),
    acknowledged: {
      ...untouched({ ...taken, triage: { ...taken.triage, asked: asked as never }, assignee: by }),
      approvals: [approval],
    },
    contained: {
      ...untouched(contained),
      measures: [
        measure('isolation', 'isolate', { checked: { at: at(5), verified: false, notes: ['NOTE'] } }),
        measure('lock', 'lock', { state: 'doing', steps: steps('lock'), says: '' }),
        measure('power', 'deallocate', { state: 'failed', reason: 'NOTE', says: '' }),
      ],
    },
    closed: { ...untouched(closed), measures: [measure('isolation', 'isolate')] },
    reopened: untouched(reopen(closed, { by, at: at(70), note: 'NOTE' })),
    storm: {
      ...untouched({ ...alertOf(storm), announced: true }),
      measures: storm.slice(0, 5).map(({ target }, n) =>
        measure('isolation', 'isolate', {
          target: target.id.toLowerCase(),
          name: target.name,
          subjects: [`machine:${target.id.toLowerCase()}`],
          state: (['in force', 'drifted', 'failed', 'doing', 'undone'] as const)[n] as 'in force',
          reason: 'NOTE',
        }),
      ),
    },
  };
}

const context = { alertId: id, action: 'close', channel: 'C1' };

test.each(['new', 'denied', 'acknowledged', 'contained', 'closed', 'reopened', 'storm'])(
  'every text of the %s alert comes from the catalogue',
  (name) => {
    const view = viewsOf()[name] as AlertView;
    const model = messageOf(view, { responders: true, now, linkTo, sla });
    const { actions } = model.page();
    const parts = model.thread();
    const lacking = Object.fromEntries(actions.map((action) => [action.id, ['NOTE']]));
    expect(
      missed(
        textsIn([
          toBlocks(model),
          toThreadBlocks(parts),
          toThreadBlocks(parts, { tables: false }),
          allModal(context, actions, null, actions[0]),
          allModal(context, actions, lacking),
          toCard(model),
          toAllCard(actions, id, lacking),
          toThreadCard(id, parts),
          messageOf(view, { responders: false, now }).page(),
          { text: model.summary },
        ]),
      ),
    ).toEqual([]);
  },
);

test('every form and confirmation', () => {
  for (const view of Object.values(viewsOf())) {
    const { actions } = messageOf(view, { responders: true, now, linkTo }).page();
    const shown = actions.flatMap((action) => [
      toDialogCard(action, id),
      formModal(
        { ...context, action: action.id },
        {
          title: action.confirm?.title ?? action.label,
          intro: action.confirm?.text ?? '',
          fields: action.form?.(by, now) ?? [],
          submit: action.confirm?.yes ?? '',
        },
      ),
    ]);
    expect(missed(textsIn(shown))).toEqual([]);
    expect(missed(actions.flatMap(({ choices = [] }) => choices.map(({ label }) => label)))).toEqual([]);
  }
  expect(missed(textsIn(toQuestionCard('', id)))).toEqual([]);
  expect(alertActions().length).toBeGreaterThan(25);
});

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** The texts and the readable attributes of a page, without scripts, their output and code. */
function textsOfPage(markup: string): string[] {
  const shown = markup.replace(/<(pre|code|script)\b.*?<\/\1>/gs, '');
  const attributes = [...shown.matchAll(/ (?:aria-label|placeholder|title|alt)="([^"]*)"/g)];
  return [...attributes.map(([, text = '']) => text), ...shown.split(/<[^>]*>/)].map((text) =>
    text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? ''),
  );
}

const pressDeps = { responders: true, sla, now: () => now, press: async () => '' };
const sheetOf = (view: AlertView, action: string, faults = {}) => {
  const offered = offeredAction(view, action, by, pressDeps);
  return offered ? sheetHtml(offered.action, offered.fields, { alertId: id, csrf: '', faults }).text : '';
};

test('the console’s forms for a selection', () => {
  const all = Object.values(viewsOf());
  for (const action of ['assign_to', 'close', 'quick_exception'] as const) {
    const [first = null] = all.flatMap((view) => offeredAction(view, action, by, pressDeps) ?? []);
    for (const views of [all, all.slice(0, 1)])
      expect(missed(textsOfPage(bulkSheet(action, views, { csrf: '', offered: first }).text))).toEqual([]);
  }
  const isolated = { ...(all[0] as AlertView), measures: [measure('isolation', 'isolate')] };
  const close = bulkSheet('close', [isolated], { csrf: '', offered: null }).text;
  expect(missed(textsOfPage(close))).toEqual([]);
});

test('the console’s page and forms of every alert', () => {
  for (const view of Object.values(viewsOf())) {
    expect(missed(textsOfPage(pageTextOf(view, { now, sla })))).toEqual([]);
    for (const { id: action } of alertActions())
      expect(missed(textsOfPage(sheetOf(view, action)))).toEqual([]);
  }
});

test('the console’s lists', () => {
  const alerts = Object.entries(viewsOf()).map(([name, { alert }]) => ({ ...alert, id: `RW-${name}` }));
  const queries = [
    ...views.map((view) => ({ view })),
    { q: 'NOTE' },
    { group: 'caller-machine' },
    { page: 'x' },
    { of: 'G' },
  ];
  for (const given of queries) {
    const query = queryOf(given);
    const strip = { ...pageWith([]).strip, newest: 2000 };
    for (const shown of [pageWith(alerts), pageWith([]), pageWith(alerts, { waiting: 2, strip })]) {
      const body = listPage(shown, { query, csrf: '', now, responders: true });
      const text = page('NOTE', body, { current: 'alerts', viewer: 'dana', open: 3 });
      expect(missed(textsOfPage(text))).toEqual([]);
      const [, scriptTexts = ''] = /id="texts">(.*?)<\/script>/s.exec(text) ?? [];
      expect(
        missed(
          Object.values(JSON.parse(scriptTexts)).flatMap((one) =>
            typeof one === 'string' ? one : Object.values(one as object),
          ),
        ),
      ).toEqual([]);
    }
  }
});

/** The audit log with an entry of each kind, in each state of its chain. */
function auditPages(): string[] {
  const entry = (more: object) => ({
    id: '1-1',
    entry: {
      at: at(0),
      by: { surface: 'console', id: 'x', name: 'dana' },
      action: 'isolate',
      alertId: 'RW-1',
      object: null,
      result: 'done',
      why: 'NOTE',
      ...more,
    } as AuditEntry,
  });
  const rows = [
    { id: '1-1', entry: null },
    ...results.map((result) => entry({ result, details: { approvedBy: { name: 'dana' } } })),
    ...['sign in', 'isolation.drift', 'audit.key'].map((action) => entry({ action, sequence: 1 })),
    ...['/NOTE', 'NOTE'].map((object) => entry({ object })),
  ];
  const check = {
    at: at(0),
    entries: 2,
    sequence: 2,
    archived: 3,
    anchor: { sequence: 2, hash: '', at: at(0) },
    fault: null,
  };
  const fault = { sequence: 1, at: at(0), why: 'NOTE' };
  const chains: ChainState[] = [
    { last: null, running: { entries: 1, of: 2 }, newest: 3 },
    { last: null, running: null, newest: 3 },
    { last: check, running: null, newest: 3 },
    { last: { ...check, sequence: 0 }, running: null, newest: 0 },
    ...[fault, { ...fault, at: null }, { ...fault, sequence: null }].map(
      (one): ChainState => ({ last: { ...check, fault: one }, running: null, newest: 3 }),
    ),
  ];
  const founds = [
    { rows, next: '1-1', searchedTo: null },
    { rows: [], next: null, searchedTo: null },
    { rows: [], next: '1-1', searchedTo: at(0) },
    { rows, next: '1-1', searchedTo: at(0) },
  ];
  return chains.flatMap((chain) =>
    founds.flatMap((found) =>
      [{}, { person: 'NOTE' }, { before: '1-1' }].map(
        (given) => auditPage({ query: auditQueryOf(given), found, names: new Map(), chain, csrf: '' }).text,
      ),
    ),
  );
}

/** The health page in each verdict. */
function healthPages(): string[] {
  const subscription = {
    id: 'NOTE',
    name: 'Payments',
    lastPollAt: at(0),
    readTo: at(0),
    error: null,
    status: null,
    historyDays: 30,
  };
  const surface = { name: 'NOTE', waiting: 0, waitsSince: null, acceptedAt: at(0), error: null };
  const webhook = {
    name: 'NOTE',
    host: 'NOTE',
    waiting: 0,
    waitsSince: null,
    failed: 0,
    acceptedAt: at(0),
    error: null,
    goneAt: null,
    lostAt: null,
  };
  const well: HealthReport = {
    at: at(0),
    staleAfterMs: 60_000,
    problems: [],
    subscriptions: [subscription],
    surfaces: [surface],
    webhooks: [webhook],
    queues: [{ name: 'NOTE', waiting: 1, active: 0, delayed: 0, failed: 0, oldestSeconds: 9 }],
    unreadable: 0,
    permissions: { lacking: [], checked: 1 },
  };
  const kinds = ['subscription', 'gap', 'surface', 'audit copy', 'clock'];
  const problems = [
    ...kinds.map((kind) => ({ id: `${kind} NOTE`, kind, says: 'NOTE', since: at(0) })),
    ...['401', '403', '404', 'silent'].map((cause) => ({
      id: `subscriptions ${cause}`,
      kind: 'subscription',
      says: 'NOTE',
      since: null,
    })),
    { id: 'lost NOTE', kind: 'gap', says: 'NOTE', since: null },
  ];
  const changes: Partial<HealthReport>[] = [
    {},
    { problems },
    { subscriptions: [], surfaces: [] },
    {
      subscriptions: [{ ...subscription, readTo: null }, subscription],
      permissions: { lacking: [], checked: 0 },
    },
    {
      subscriptions: [
        { ...subscription, error: 'NOTE', status: 403 },
        { ...subscription, error: 'NOTE' },
      ],
    },
    { subscriptions: Array.from({ length: 300 }, () => subscription) },
    {
      surfaces: [
        { ...surface, waiting: 2, waitsSince: at(-60) },
        { ...surface, error: 'NOTE' },
      ],
    },
    { surfaces: [{ ...surface, waiting: 1, waitsSince: at(0), acceptedAt: null }] },
    { permissions: { lacking: [{ subscription: 'Payments', actions: ['NOTE'] }], checked: 1 } },
    { webhooks: [{ ...webhook, waiting: 2, waitsSince: at(0), failed: 1, error: 'NOTE' }] },
    {
      webhooks: [
        { ...webhook, goneAt: at(0), failed: 2, acceptedAt: null },
        { ...webhook, acceptedAt: null },
      ],
    },
  ];
  return changes.map((more) => healthPage({ ...well, ...more }, { csrf: 'NOTE', mayReplay: true }).text);
}

test('the console’s other pages', () => {
  const pages = [
    ...auditPages(),
    ...healthPages(),
    panelHtml([{ name: 'x', says: 'NOTE' }], '').text,
    bulkResults([{ id: 'RW-1' }, { id: 'RW-2', error: 'NOTE' }]).text,
    choicePage('NOTE', '/', html``),
    unavailablePage('NOTE', '/'),
    failedPage('NOTE', '/'),
    deniedPage({ surface: 'console', id: 'x', name: 'dana', email: 'dana' }, 'NOTE', ''),
    signedOutPage(),
    signingOutPage(),
  ];
  expect(missed(pages.flatMap(textsOfPage))).toEqual([]);
});

const refused = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
};

test('refusals', () => {
  const closed = viewsOf().closed?.alert as Alert;
  const texts = [
    refused(() => acknowledge(closed, { by, at: at(70) })),
    refused(() => reopen(alertOf([execution(1)]), { by, at: at(70) })),
    refused(() => rangeOf('RW-1')),
  ];
  expect(missed(texts)).toEqual([]);
});

test('home, chat commands, reminders and changes', async () => {
  const own = await startStore(['slack']);
  const { store } = own;
  const notices: string[] = [];
  const deps = {
    store,
    queues: { deliverAll: async (_: unknown, ids: readonly string[]) => void notices.push(...ids) },
    policy: { escalation: { routingKey: 'x' } },
    press: async () => '',
    now: () => now,
  };
  const fresh = viewsOf().new?.alert as Alert;
  const taken = { ...acknowledge({ ...fresh, id: 'RW-2' }, { by, at: at(3) }), assignee: by };
  for (const one of [fresh, taken]) await store.alerts.update(one.id, () => ({ alert: one }));
  await store.measures.update(measure('lock', 'lock').id, () => ({
    measure: measure('lock', 'lock', { alerts: [fresh.id] }),
    audit: [],
  }));
  await store.polls.putSubscription({
    id: '5f3c1a52',
    name: 'Payments',
    lastPollAt: null,
    error: null,
    since: 0,
  });
  const parts = await homeFor(by, { store, responders: true, now });
  expect(missed(textsIn([toHomeBlocks(parts), toHomeCard(parts, {})]))).toEqual([]);
  const commands = { store, now: () => now } as ChatCommandDeps;
  for (const command of ['help', 'status', 'exceptions', 'RW-1', 'roles', 'who-can RW-1'])
    for (const line of (await answerCommand(command, commands)).split('\n'))
      expect(missed([line.replace(/⟦\/runwatch ⟧[\w-]+/, '')])).toEqual([]);

  await remind({ ...deps, now: () => now + 1_000 * 60_000 });
  await sayRaised({ ...fresh, updatedAt: at(80) }, deps);
  await sayGrown({ ...taken, executions: [execution(1), execution(2)], updatedAt: at(80) }, deps);
  const target = { name: 'slack', channel: 'C1', intervalMs: 0 };
  const sent = await store.deliveries.begin(target, notices, now, 'held');
  const texts = sent.map(({ notice }) => notice?.text ?? '');
  await own.stop();
  expect(texts.length).toBeGreaterThan(2);
  expect(missed(texts)).toEqual([]);
});

test('the digest and the reviews of exceptions', () => {
  const closed = viewsOf().closed?.alert as Alert;
  const rows = Object.values(viewsOf()).map(({ alert }) => digestRow(alert, sla, now));
  const quiet = { ...closed, threshold: null };
  const text = digestText([...rows, { ...digestRow(quiet, sla, now), exception: 'EXC-1' }], sla, [
    { severity: 'high', step: 'close', count: 2 },
  ]);
  const exception: Exception = {
    id: 'EXC-1',
    match: {
      caller: 'dana',
      target: 'vm-1',
      technique: 'run-command',
      hours: { from: '01:00', to: '03:00' },
    },
    reason: 'NOTE',
    owner: 'dana',
    createdBy: 'dana',
    createdAt: at(0),
    expires: at(90_000),
  } as Exception;
  expect(
    missed([
      ...text.split('\n'),
      reviewText(exception, 2),
      ...(reportText([{ exception, uses: 0 }], now) ?? '').split('\n'),
      ...textsIn(toNoticeCard('n', '', reviewActions(exception))),
    ]),
  ).toEqual([]);
});

test('the pages of exceptions', async () => {
  const by = { surface: 'console', id: 'x', name: 'dana' };
  const exception = {
    id: 'EXC-1',
    match: { caller: 'dana', target: 'vm-1' },
    silenceCritical: true,
    reason: 'NOTE',
    owner: 'dana',
    ticket: 'https://runwatch.example/1',
  };
  const all = [0, 30, 90_000].map((minutes, i) => ({
    exception: { ...exception, expires: at(minutes) },
    uses: { total: i, weeks: [0, i] },
  }));
  const pages = exceptionViews.flatMap((view) =>
    [all, all.slice(0, 1), []].flatMap((some) => {
      const list = exceptionPageOf(some, { view, page: 1 }, by, now);
      const context = { query: { view, page: 1 }, csrf: '', now, responders: false };
      const paged = { ...list, total: 99 };
      return [list, paged].map((shown) => exceptionsPage(shown, context).text);
    }),
  );
  const rows = exceptionPageOf(all, { view: 'all', page: 1 }, by, now).rows;
  const forms = rows.map((row) => removeForm(row, { view: 'all', page: 1 }, '').text);
  const deps = { recentAlerts: async () => [], maxExceptionDays: 365, now: () => now };
  const fields = newExceptionForm(by, now);
  const typed: Record<string, string>[] = [
    {},
    { caller: 'dana', target: 'vm-1' },
    { technique: 'run-command', pattern: 'NOTE' },
    { caller: 'dana', target: 'vm-1', expires: '2020-01-01' },
  ];
  const news = await Promise.all(
    typed.map(async (values) => {
      const preview = await previewOf(values, { ...by, id: 'y', name: 'sam' }, deps);
      return newExceptionHtml(fields, { csrf: '', now, preview }).text;
    }),
  );
  const found = newExceptionHtml(fields, { csrf: '', now, preview: null }).text;
  expect(missed([...pages, ...forms, ...news, found].flatMap(textsOfPage))).toEqual([]);
});

test('the page of activity', () => {
  const times = Array.from({ length: 12 }, (_, i) => now - i * 3_600_000);
  const card = { key: 'dana', name: 'dana', place: 'NOTE', ...activityOf(times, now), isLimited: false };
  const none = { critical: 0, high: 0, medium: 0, low: 0 };
  const untimed = { median: null, of: 0, target: 60_000 };
  const acknowledge = {
    critical: { median: 90_000, of: 2, target: 60_000 },
    high: untimed,
    medium: untimed,
    low: untimed,
  };
  const week = { start: now, counts: { ...none, critical: 1 }, suppressed: 1 };
  const pages = (['caller', 'machine'] as const).flatMap((by) =>
    [[card, { ...card, isLimited: true }], []].flatMap((cards) =>
      [1, 2].map(
        (page) =>
          activityHtml({ by, cards, page, hasMore: true, today: Date.parse('2026-11-30T00:00:00Z') }).text,
      ),
    ),
  );
  const figures = [[week, { ...week, counts: none }], []].map(
    (weeks) => figuresHtml({ weeks, acknowledge }).text,
  );
  expect(missed([...pages, ...figures].flatMap(textsOfPage))).toEqual([]);
});
