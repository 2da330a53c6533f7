import type {
  HealthReport,
  SubscriptionReport,
  SurfaceReport,
} from '../../../domain/system-health/health-report';
import { durationWords } from '../../../domain/text/duration';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, numberText, phrase, t, translate } from '../../../domain/text/translate';
import { type Html, html, tHtml } from '../html';
import { ageHtml, timeHtml } from '../inline-html';
import { sourceName } from '../people';
import { stackedTable } from '../stacked-table';
import { adviceOn } from './advice';
import {
  isLate,
  type Level,
  lagOf,
  type ReadState,
  readStateOf,
  sorted,
  type Verdict,
  verdictOf,
  waitOf,
} from './verdict';
import { type ReplayContext, webhooksHtml } from './webhooks-html';

const maxSubscriptions = 200;

export const healthPage = (report: HealthReport, context: ReplayContext): Html =>
  html`<h1>${t`System health`}</h1>
${verdictHtml(verdictOf(report), report)}${problemsHtml(report)}${permissionsHtml(report)}${subscriptionsHtml(report)}${surfacesHtml(report)}${webhooksHtml(report, context)}${queuesHtml(report)}`;

const pills: Readonly<Record<Level, readonly [style: string, label: string]>> = {
  ok: ['ok', phrase('OK')],
  starting: ['accent', phrase('Starting')],
  limited: ['medium', phrase('Limited')],
  bad: ['critical', phrase('Problem')],
};

function verdictHtml({ level, headline, says, unknown }: Verdict, report: HealthReport): Html {
  const [style, label] = pills[level];
  return html`<section class="verdict ${level}" aria-label="${t`Verdict`}"><p><span class="pill ${style}">${translate(label)}</span> <strong>${headline}</strong> ${says}</p>${unknown.length > 0 && html`<p class="muted">${unknown.join(' ')}</p>`}<p class="muted">${t`As of`} ${timeHtml(report.at)}</p></section>
<dl class="tiles">${tiles(report).map(([name, value, more, isBad]) => html`<div${isBad && html` class="bad"`}><dt>${name}</dt><dd><strong class="num">${value}</strong><span class="sub">${more}</span></dd></div>`)}</dl>`;
}

type Tile = readonly [name: string, value: string, more: string, isBad: boolean];

function tiles(report: HealthReport): Tile[] {
  const { subscriptions, surfaces, problems, unreadable, permissions, queues } = report;
  const [worst] = sorted(report);
  const lag = worst ? lagOf(worst, report) : null;
  const behind = subscriptions.filter((one) => readStateOf(one, report) === 'behind').length;
  const waiting = surfaces.reduce((sum, one) => sum + one.waiting, 0);
  const wait = Math.max(0, ...surfaces.map((one) => waitOf(one, report)));
  const failed = queues.reduce((sum, one) => sum + one.failed, 0);
  const lacking = permissions.lacking.length;
  return [
    [
      t`Reading`,
      behind > 0
        ? t`${behind} of ${subscriptions.length} behind`
        : lag === null
          ? t`Nothing read`
          : t`Up to date`,
      !worst
        ? t`No subscription is visible`
        : lag === null
          ? t`Nothing was read of ${nameOf(worst)}`
          : t`at most ${durationWords(lag)} behind, in ${nameOf(worst)}`,
      behind > 0 || subscriptions.length === 0,
    ],
    [
      t`Delivery`,
      surfaces.length === 0
        ? t`Console only`
        : waiting === 0
          ? t`Nothing waits`
          : counted(waiting, '# message waits', '# messages wait'),
      surfaces.length === 0
        ? t`No chat is connected`
        : waiting === 0
          ? t`All messages were sent`
          : t`the oldest for ${durationWords(wait)}`,
      surfaces.some((one) => isLate(one, report) || one.error !== null),
    ],
    [
      t`Errors`,
      counted(problems.length, '# problem', '# problems'),
      `${counted(unreadable, '# unreadable log record', '# unreadable log records')}, ${counted(failed, '# abandoned task', '# abandoned tasks')}`,
      problems.length > 0,
    ],
    [
      t`Permissions`,
      permissions.checked === 0 ? t`Not checked` : lacking === 0 ? t`None missing` : t`Some missing`,
      permissions.checked === 0
        ? t`For responses`
        : t`For responses, in ${permissions.checked} of ${counted(subscriptions.length, '# subscription', '# subscriptions')}`,
      lacking > 0,
    ],
  ];
}

const problemsHtml = (report: HealthReport): Html | false =>
  report.problems.length > 0 &&
  html`<h2>${t`Problems`}</h2><ul class="problems">${report.problems.map((problem) => {
    const advice = adviceOn(problem, report);
    return html`<li><p>${withCode(problem.says)}</p>${advice && html`<p><strong>${t`What to do:`}</strong> ${withCode(advice)}</p>`}<p class="muted">${problem.since ? html`${t`Since`} ${timeHtml(problem.since)}` : t`Noticed just now`}</p></li>`;
  })}</ul>`;

const permissionsHtml = ({ permissions: { lacking } }: HealthReport): Html | false =>
  lacking.length > 0 &&
  html`<h2>${t`Missing permissions`}</h2><ul class="problems">${lacking.map(
    ({ subscription, actions }) =>
      html`<li><p>${t`In ${plainLine(subscription, 100)}, Runwatch’s identity may not: ${actions.join(', ')}.`}</p></li>`,
  )}</ul><p class="muted">${withCode(t`Create the role with \`runwatch manifest azure-role\` and assign it, or leave these out on purpose.`)}</p>`;

/** A text whose commands are between backticks, as in chat. */
const withCode = (text: string): Html[] =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

const states: Readonly<Record<ReadState, readonly [style: string, label: string]>> = {
  behind: ['critical', phrase('Behind')],
  starting: ['accent', phrase('Starting')],
  retrying: ['medium', phrase('Retrying')],
  read: ['ok', phrase('Being read')],
};

const nameOf = ({ id, name }: SubscriptionReport): string => plainLine(name || id, 100);

function subscriptionsHtml(report: HealthReport): Html {
  const all = sorted(report);
  const left = all.length - maxSubscriptions;
  return html`<h2>${t`Subscriptions`} <span class="num muted">${numberText(all.length)}</span></h2>${stackedTable(
    t`Subscriptions`,
    [t`Subscription`, t`State`, t`Read up to`, t`History`],
    all.slice(0, maxSubscriptions).map((one) => {
      const [style, label] = states[readStateOf(one, report)];
      return [
        html`${nameOf(one)}<span class="sub">${one.id}</span>`,
        html`<span class="pill ${style}">${translate(label)}</span>${one.error && html`<span class="sub">${plainLine(one.error, 300)}</span>`}`,
        one.readTo
          ? html`${tHtml`${ageHtml(one.readTo, Date.parse(report.at))} ago`} <span class="sub">${timeHtml(one.readTo)}</span>`
          : html`${t`nothing yet`}`,
        html`${t`${one.historyDays} of 90 days`}`,
      ];
    }),
  )}${left > 0 && html`<p class="muted">${counted(left, '# more is not listed; it is no further behind than those listed.', '# more are not listed; they are no further behind than those listed.')}</p>`}`;
}

const surfacesHtml = (report: HealthReport): Html | false =>
  report.surfaces.length > 0 &&
  html`<h2>${t`Where alerts are sent`}</h2>${stackedTable(
    t`Where alerts are sent`,
    [t`Chat`, t`State`, t`Waiting`, t`Last accepted`],
    report.surfaces.map((one) => {
      const [style, label] = surfaceState(one, report);
      return [
        html`${sourceName(one.name)}`,
        html`<span class="pill ${style}">${label}</span>${one.error && html`<span class="sub">${plainLine(one.error, 300)}</span>`}`,
        html`${one.waiting === 0 ? t`none` : t`${one.waiting}, the oldest for ${durationWords(waitOf(one, report))}`}`,
        html`${one.acceptedAt ? timeHtml(one.acceptedAt) : t`nothing yet`}`,
      ];
    }),
  )}`;

function surfaceState(surface: SurfaceReport, report: HealthReport): readonly [style: string, label: string] {
  if (surface.error !== null) return ['critical', t`Rejects messages`];
  if (isLate(surface, report)) return ['critical', t`Late`];
  return surface.acceptedAt === null ? ['none', t`Not tried yet`] : ['ok', t`Accepts messages`];
}

const queuesHtml = ({ queues }: HealthReport): Html =>
  html`<details class="queues"><summary>${t`Queues`}</summary>${stackedTable(
    t`Queues`,
    [t`Queue`, t`Waiting`, t`Oldest`, t`Active`, t`Delayed`, t`Failed`],
    queues.map((one) =>
      [
        one.name,
        numberText(one.waiting),
        one.waiting > 0 ? durationWords(one.oldestSeconds * 1000) : '—',
        ...[one.active, one.delayed, one.failed].map(numberText),
      ].map((cell) => html`${cell}`),
    ),
  )}</details>`;
