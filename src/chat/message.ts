import { type Alert, summarize } from '../domain/alerts/alert';
import { callerName } from '../domain/alerts/caller-name';
import { accountOf } from '../domain/alerts/run-account';
import type { Sla } from '../domain/alerts/timing';
import type { AlertView } from '../domain/measures/alert-view';
import { plainLine } from '../domain/text/plain-text';
import { counted, phrase, t, translate } from '../domain/text/translate';
import { type Action, actionsOf } from './actions';
import { type Controls, controlsOf } from './controls';
import { factsOf, outcomesOf } from './fact-lines';
import type { Fact, Inline } from './inline';
import { keyFactsOf } from './key-facts';
import { likeClosedLine } from './like-closed-line';
import { overdueText, responseTimes } from './response-times';
import {
  contextOf,
  environmentText,
  isContained,
  sentenceOf,
  severityName,
  tookText,
  whereOf,
} from './sentence';
import { closedStatusOf, statusOf } from './status-lines';
import { type ThreadPart, threadOf } from './thread';
import { missingOf, unavailableText } from './unavailable';

/** Content of an alert's message, for every surface. Chats show the brief part, the console all of it. */
export interface MessageModel {
  alertId: string;
  severity: Alert['severity'];
  score: number;
  closed: boolean;
  /** Every machine is contained. */
  contained: boolean;
  /** "Critical: Dana Reyes ran a command as root on vm-pay-01". */
  sentence: string;
  /** Outcome, score, environment, subscription, time and link. */
  context: Inline[];
  /** At most three. */
  keyFacts: Fact[];
  /** Current state, one line each: acknowledged, isolated, in progress. */
  status: Inline[][];
  /** Short remarks: similar alerts, what is unavailable. */
  notes: Inline[][];
  controls: Controls;
  /** One line without any markup, for notifications. */
  summary: string;
  /** Parts of the thread below the message. A function, because most deliveries don't need it. */
  thread: () => ThreadPart[];
  /** All the rest: the console's page, and All responses. */
  page: () => MessagePage;
}

export interface MessagePage {
  /** "Run command on vm-pay-01". */
  title: string;
  headline: Inline[];
  facts: Fact[];
  status: Inline[][];
  actions: Action[];
}

export interface MessageOptions {
  /** False if no responder is configured: a line says so, and only triage is offered. */
  responders: boolean;
  /** Current time, ms: for the age of role assignments, pending approvals and missed targets. */
  now: number;
  /** Targets of the response times; none by default. */
  sla?: Sla;
  /** Link to an alert's page; null or absent without a public URL. */
  linkTo?: (alertId: string) => string | null;
}

const noResponders = phrase(
  'No responders are configured, so only triage is available. How to: https://github.com/runwatch/runwatch/blob/main/docs/configuration.md',
);

/** Builds the message for an alert's current state. Pure. */
export function messageOf(
  view: AlertView,
  { responders, now, sla = {}, linkTo }: MessageOptions,
): MessageModel {
  const { alert } = view;
  const link = linkTo?.(alert.id) ?? null;
  const closed = alert.state === 'closed';
  const contained = isContained(view);
  const actions = actionsOf(view, responders, now);
  const whole = statusOf(view, now);
  const hint: Inline[][] = responders || closed ? [] : [[translate(noResponders)]];
  const did = sentenceOf(alert);
  return {
    alertId: alert.id,
    severity: alert.severity,
    score: alert.score,
    closed,
    contained,
    sentence: contained
      ? t`Contained: ${whereOf(alert)} (${severityName(alert)}, ${callerName(alert)})`
      : t`${severityName(alert)}: ${did}`,
    context: contextOf(alert, link, overdueText(alert, sla, now)),
    keyFacts: keyFactsOf(view, actions),
    status: [...hint, ...(closed ? closedStatusOf(view, now) : whole)],
    notes: closed ? [] : notesOf(alert),
    controls: controlsOf(view, actions, link),
    summary: t`${severityName(alert)} ${alert.score}: ${did} (${alert.id})`,
    thread: () =>
      threadOf(view, {
        details: [
          [headOf(alert).title],
          headOf(alert).headline,
          ...factsOf(alert, now).map(({ label, value }): Inline[] => [{ bold: label }, ': ', ...value]),
        ],
        status: closed ? whole : [],
        times: responseTimes(alert, sla, now),
      }),
    page: () => ({
      ...headOf(alert),
      facts: closed ? [] : factsOf(alert, now),
      status: [...hint, ...whole],
      actions,
    }),
  };
}

function headOf(alert: Alert): Pick<MessagePage, 'title' | 'headline'> {
  const { technique, caller } = summarize(alert);
  const title = [t`${technique.title} on ${whereOf(alert)}`, environmentText(alert)];
  return {
    title: title.filter(Boolean).join(' · '),
    headline: [{ bold: plainLine(caller.name, 120) }, ...headlineOf(alert)],
  };
}

function notesOf(alert: Alert): Inline[][] {
  const missing = missingOf(alert.facts);
  const like = likeClosedLine(alert);
  return [
    ...(like ? [like] : []),
    ...(missing.length > 0 ? [[t`Unavailable: ${missing.map(unavailableText).join('; ')}`]] : []),
  ];
}

function headlineOf(alert: Alert): Inline[] {
  const { technique, executions, status, refused, startedAt, lastEventAt } = summarize(alert);
  const took = tookText(startedAt, lastEventAt);
  const did = refused ? t`tried to ${technique.infinitive}` : technique.verb;
  const runsAs = accountOf(alert);
  const asWhom = runsAs && technique.script.where !== 'interactive' ? t` as ${plainLine(runsAs, 40)}` : '';
  const often = executions.length > 1 ? counted(executions.length, ', # time', ', # times') : '';
  const mixed = new Set(executions.map((execution) => execution.status)).size > 1;
  const outcome = refused
    ? t`denied by Azure`
    : mixed
      ? outcomesOf(executions)
      : status === 'succeeded'
        ? `${t`succeeded`}${took}`
        : status === 'failed'
          ? `${t`failed`}${took}`
          : t`still running`;
  return [` ${did}${asWhom}${often} · `, { time: startedAt }, ` · ${outcome}`];
}
