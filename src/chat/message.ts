import { type Alert, summarize } from '../domain/alerts/alert';
import { environmentsOf, machineFactsOf, scriptFactsOf } from '../domain/alerts/join-facts';
import type { AlertView } from '../domain/measures/alert-view';
import { plainLine } from '../domain/text/plain-text';
import { type Action, actionsOf } from './actions';
import { factsOf, outcomesOf } from './fact-lines';
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
  const title = [`${technique.title} on ${where}`, environmentText(alert)].filter(Boolean).join(' · ');
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
  const { technique, caller, executions, status, refused, startedAt, lastEventAt } = summarize(alert);
  const took = seconds(startedAt, lastEventAt);
  const did = refused ? `tried to ${technique.infinitive}` : technique.verb;
  const runsAs = accountOf(alert);
  const asWhom = runsAs && technique.script.where !== 'interactive' ? ` as ${plainLine(runsAs, 40)}` : '';
  const often = executions.length > 1 ? `, ${executions.length} times` : '';
  const mixed = new Set(executions.map((execution) => execution.status)).size > 1;
  const outcome = refused
    ? 'denied by Azure'
    : mixed
      ? outcomesOf(executions)
      : status === 'succeeded'
        ? `succeeded${took}`
        : status === 'failed'
          ? `failed${took}`
          : 'still running';
  return [
    { bold: plainLine(caller.name, 120) },
    ` ${did}${asWhom}${often} · `,
    { time: startedAt },
    ` · ${outcome}`,
  ];
}

/** The account that the commands ran as; null if unknown or different. */
function accountOf(alert: Alert): string | null {
  const { executions } = summarize(alert);
  const accounts = executions.map((execution) => {
    const runAs = scriptFactsOf(alert, execution)?.runAs;
    const os = machineFactsOf(alert, execution)?.os;
    return runAs ?? (os ? { Linux: 'root', Windows: 'SYSTEM' }[os] : null);
  });
  return new Set(accounts).size === 1 ? (accounts[0] ?? null) : null;
}

/** "production", or "180 production, 90 test" for several machines. */
function environmentText(alert: Alert): string {
  const environments = environmentsOf(alert);
  const named = environments.flatMap(({ environment, count }) =>
    environment ? [{ environment, count }] : [],
  );
  const one = environments.length === 1;
  return named
    .slice(0, 4)
    .map(({ environment, count }) => `${one ? '' : `${count} `}${plainLine(environment, 40)}`)
    .join(', ');
}

const seconds = (from: string, to: string) => {
  const s = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return s > 0 ? ` after ${s < 120 ? `${s} s` : `${Math.round(s / 60)} min`}` : '';
};
