import type { Caller } from '../activity/activity-event';
import type { TechniqueId } from '../techniques/technique';
import { plainLine } from '../text/plain-text';
import { translate } from '../text/translate';
import { type Alert, type ClosedAs, type StateName, summarize } from './alert';
import { callerIdentity, callerName } from './caller-name';
import { environmentsOf, usedScripts } from './join-facts';
import { subscriptionsOf } from './routed-alert';
import { accountOf } from './run-account';
import { groupOf } from './search-terms';
import type { Severity } from './severity';
import { oddTexts, unusualText } from './stands-out';
import { timingOf } from './timing';

/** What a list shows of an alert. A burst's whole document may have megabytes; this has at most 3,000 bytes. */
export interface AlertRow {
  id: string;
  rev: number;
  raisedAt: string;
  updatedAt: string;
  startedAt: string;
  lastEventAt: string;
  severity: Severity;
  score: number;
  technique: TechniqueId;
  caller: { name: string; identity: string; type: Caller['type']; ip: string | null };
  /** The account that the commands ran as; null if unknown or different. */
  account: string | null;
  /** Azure denied every attempt. */
  refused: boolean;
  /** How many executions the alert is about, by outcome. */
  outcomes: { succeeded: number; failed: number; started: number; denied: number };
  machines: number;
  /** Up to three names. */
  machineNames: string[];
  /** Up to three; null where a machine is in none. */
  environments: { environment: string | null; count: number }[];
  /** Ids, up to three. */
  subscriptions: string[];
  subscriptionName: string | null;
  /** The two reasons with the most points. */
  reasons: string[];
  /** Why it stands out, at most two texts, suspicious behavior first. */
  standsOut: string[];
  /** Same for alerts of one caller on one machine. */
  group: string;
  state: StateName;
  closedAs: ClosedAs | null;
  assignee: string | null;
  /** How long after it was raised it was acknowledged, ms; null if it was not. */
  acknowledgedMs: number | null;
  verdict: Alert['verdict'];
  exception: string | null;
  threshold: string | null;
  announced: boolean;
  mergedInto: string | null;
}

const shown = 3;
const shortest = (text: string | null | undefined, max: number) => plainLine(text, max) || null;

export function rowOf(alert: Alert): AlertRow {
  const { about, caller, refused, machines, startedAt, lastEventAt, executions } = summarize(alert);
  const outcomes = { succeeded: 0, failed: 0, started: 0, denied: 0 };
  for (const execution of about) outcomes[execution.refused ? 'denied' : execution.status] += 1;
  const names = new Set<string>();
  for (const { target } of executions) {
    names.add(plainLine(target.name, 64));
    if (names.size === shown) break;
  }
  return {
    id: alert.id,
    rev: alert.rev,
    raisedAt: alert.raisedAt,
    updatedAt: alert.updatedAt,
    startedAt,
    lastEventAt,
    severity: alert.severity,
    score: alert.score,
    technique: alert.technique,
    caller: {
      name: callerName(alert),
      identity: callerIdentity(alert),
      type: caller.type,
      ip: shortest(caller.ip, 45),
    },
    account: shortest(accountOf(alert), 40),
    refused,
    outcomes,
    machines,
    machineNames: [...names],
    environments: environmentsOf(alert)
      .slice(0, shown)
      .map(({ environment, count }) => ({ environment: shortest(environment, 40), count })),
    subscriptions: subscriptionsOf(alert)
      .slice(0, shown)
      .map((id) => plainLine(id, 64)),
    subscriptionName: shortest(alert.facts.access?.subscriptionName, 60),
    reasons: [...alert.reasons]
      .sort((a, b) => b.points - a.points)
      .slice(0, 2)
      .map(({ text }) => plainLine(text, 120)),
    standsOut: standsOut(alert),
    group: groupOf(alert),
    state: alert.state,
    closedAs: alert.closedAs,
    assignee: shortest(alert.assignee?.name, 60),
    acknowledgedMs: timingOf(alert).acknowledge,
    verdict: alert.verdict,
    exception: shortest(alert.exception, 80),
    threshold: shortest(alert.threshold, 80),
    announced: alert.announced,
    mergedInto: alert.mergedInto,
  };
}

const maxTexts = 2;
const maxText = 80;

/** What a script does tells more than who ran it. */
function standsOut(alert: Alert): string[] {
  const traits = usedScripts(alert).flatMap(({ script }) => script.traits.map(({ name }) => translate(name)));
  const found = [...new Set([...traits, ...oddTexts(alert)])].slice(0, maxTexts);
  const texts = found.length > 0 ? found : [unusualText(alert)];
  return texts.map((text) => plainLine(`${text.charAt(0).toUpperCase()}${text.slice(1)}`, maxText));
}
