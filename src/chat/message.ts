import { type Alert, summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import { plainLine } from '../domain/text/plain-text';
import { type Action, actionsOf } from './actions';
import { factsOf } from './fact-lines';
import type { Fact, Inline } from './inline';
import { statusOf } from './status-lines';
import { type ThreadPart, threadOf } from './thread';

/** Content of an alert's message, for every surface: severity, who did what, facts, status and actions. */
export interface MessageModel {
  alertId: string;
  severity: Alert['severity'];
  score: number;
  /** "Run command on vm-pay-01". */
  title: string;
  headline: Inline[];
  facts: Fact[];
  /** Current state, one line each: acknowledged, isolated, in progress. */
  status: Inline[][];
  actions: Action[];
  closed: boolean;
  /** Parts of the thread below the message; empty if there is no thread. */
  thread: ThreadPart[];
  /** One line without any markup, for notifications. */
  summary: string;
}

export interface MessageOptions {
  /** False if no responder is configured: a line says so, and only triage is offered. */
  responders: boolean;
  /** Current time, ms: for the age of role assignments and for pending approvals. */
  now: number;
}

const noResponders =
  'No responders are configured, so only triage is available. How to: https://github.com/runwatch/runwatch/blob/main/docs/configuration.md';

/** Builds the message for an alert's current state. Pure. */
export function messageOf(view: AlertView, { responders, now }: MessageOptions): MessageModel {
  const { alert } = view;
  const { technique, target, machines, caller } = summarize(alert);
  const where = machines > 1 ? `${machines} machines` : plainLine(target.name, 80);
  const environment = alert.facts.machine?.environment;
  const title = `${technique.title} on ${where}${environment ? ` · ${plainLine(environment, 40)}` : ''}`;
  const closed = alert.state === 'closed';
  return {
    alertId: alert.id,
    severity: alert.severity,
    score: alert.score,
    title,
    headline: headlineOf(alert),
    facts: closed ? [] : factsOf(alert, now),
    status: [...(responders || closed ? [] : [[noResponders]]), ...statusOf(view, now)],
    actions: actionsOf(view, responders, now),
    closed,
    thread: threadOf(view),
    summary: `${alert.severity.toUpperCase()} ${alert.score}: ${title} by ${plainLine(caller.name, 80)} (${alert.id})`,
  };
}

function headlineOf(alert: Alert): Inline[] {
  const { technique, caller, status, refused, startedAt, lastEventAt } = summarize(alert);
  const took = seconds(startedAt, lastEventAt);
  const did = refused ? `tried to ${technique.infinitive}` : technique.verb;
  const { machine, script } = alert.facts;
  const runsAs = script?.runAs ?? { Linux: 'root', Windows: 'SYSTEM' }[machine?.os ?? ('none' as 'Linux')];
  const asWhom = runsAs && technique.script.where !== 'interactive' ? ` as ${plainLine(runsAs, 40)}` : '';
  const outcome = refused
    ? 'denied by Azure'
    : status === 'succeeded'
      ? `succeeded${took}`
      : status === 'failed'
        ? `failed${took}`
        : 'still running';
  return [{ bold: plainLine(caller.name, 120) }, ` ${did}${asWhom} · `, { time: startedAt }, ` · ${outcome}`];
}

const seconds = (from: string, to: string) => {
  const s = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return s > 0 ? ` after ${s < 120 ? `${s} s` : `${Math.round(s / 60)} min`}` : '';
};
