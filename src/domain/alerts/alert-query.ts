import type { Alert } from './alert';
import type { ListName } from './facets';
import {
  assigneeTerm,
  callerTerm,
  correlationTerm,
  dayTerm,
  environmentTerm,
  groupTerm,
  hourTerm,
  identityTerm,
  listTerm,
  machineTerm,
  mainEnvironmentTerm,
  ownerTerm,
  severityTerm,
  stateTerm,
  subscriptionTerm,
  techniqueTerm,
  termsOf,
  textTerm,
  typedWords,
  verdictTerm,
} from './search-terms';
import { severities as allSeverities, type Severity } from './severity';

/** What alerts are searched by. Values of one field are alternatives; fields and words all have to match. */
export interface AlertQuery {
  /** Each word is the beginning of a name, address, id or hash of the alert. */
  text?: string | undefined;
  states?: readonly Alert['state'][] | undefined;
  severities?: readonly Severity[] | undefined;
  techniques?: readonly string[] | undefined;
  /** Name, address or id; null for unassigned alerts. */
  assignee?: string | null | undefined;
  environment?: string | undefined;
  /** Its id. */
  subscription?: string | undefined;
  verdict?: Alert['verdict'] | undefined;
  /** Raised at or after, ms. */
  after?: number | undefined;
  /** Raised before, ms. */
  before?: number | undefined;
  /** Those of one of the lists. */
  lists?: readonly ListName[] | undefined;
  /** Keys of the assignee; '' for nobody. Only with lists, as the group. */
  owners?: readonly string[] | undefined;
  /** The environment of most machines; '' for none. */
  mainEnvironment?: string | undefined;
  /** A group of the lists. */
  group?: string | undefined;
  /** Digests of the callers' keys, or of the resources whose own identities they are. */
  callers?: readonly string[] | undefined;
  /** Digests of resource ids. */
  machines?: readonly string[] | undefined;
  /** A command started in this hour of the week, 0 for the first hour of Monday, UTC. */
  hour?: number | undefined;
  /** A command started on this day: when it begins, ms, UTC. */
  day?: number | undefined;
  /** Digests of the object ids of machines' identities, or of what has them, in lower case. */
  identities?: readonly string[] | undefined;
  /** Digests of correlation ids. */
  correlations?: readonly string[] | undefined;
  /** IP addresses of callers. */
  addresses?: readonly string[] | undefined;
  /** SHA-256 of scripts. */
  scripts?: readonly string[] | undefined;
  /** Newest first by default; severity: the most severe first, then the newest. */
  sort?: 'severity' | 'newest' | 'oldest' | undefined;
}

/** Alerts are searched in one part after another, each in the order of time. */
export interface SearchPart {
  /** Names it in cursors. */
  key: string;
  query: Partial<AlertQuery>;
  /** Known to have no match. */
  isEmpty?: boolean | undefined;
}

/** An alert has one of these terms, or the beginning of a word. */
export type Condition = { terms: string[] } | { prefix: string };

const maxTypedWords = 8;
/** Alternatives of one field. */
const maxValues = 50;

export function conditionsOf(query: AlertQuery): Condition[] {
  const { states, severities, techniques, assignee, environment, subscription, verdict, lists, group } =
    query;
  const { owners, mainEnvironment, callers, machines, hour, day, scripts } = query;
  // A group or an owner selects fewer than the list, and is in it.
  const isSelected = group !== undefined || Boolean(owners?.length);
  const listed = severities?.length ? severities : isSelected ? [] : allSeverities;
  const anyOf = (terms: string[] | undefined): Condition[] =>
    terms && terms.length > 0 ? [{ terms: [...new Set(terms)].slice(0, maxValues) }] : [];
  const inLists = (termsIn: (list: ListName) => string[]): Condition[] => anyOf(lists?.flatMap(termsIn));
  return [
    ...inLists((list) => listed.map((severity) => listTerm(list, severity))),
    ...inLists((list) => (group ? [groupTerm(list, group)] : [])),
    ...inLists((list) => owners?.map((owner) => ownerTerm(list, owner)) ?? []),
    ...anyOf(states?.map(stateTerm)),
    ...anyOf(lists?.length ? [] : severities?.map(severityTerm)),
    ...anyOf(techniques?.map(techniqueTerm)),
    ...anyOf(assignee === undefined ? [] : [assigneeTerm(assignee)]),
    ...anyOf(environment ? [environmentTerm(environment)] : []),
    ...anyOf(subscription ? [subscriptionTerm(subscription)] : []),
    ...anyOf(verdict ? [verdictTerm(verdict)] : []),
    ...anyOf(mainEnvironment === undefined ? [] : [mainEnvironmentTerm(mainEnvironment)]),
    ...anyOf(callers?.map(callerTerm)),
    ...anyOf(query.identities?.map(identityTerm)),
    ...anyOf(query.correlations?.map(correlationTerm)),
    ...anyOf(query.addresses?.map((ip) => textTerm(ip.toLowerCase()))),
    ...anyOf(machines?.map(machineTerm)),
    ...anyOf(hour === undefined ? [] : [hourTerm(hour)]),
    ...anyOf(day === undefined ? [] : [dayTerm(day)]),
    ...anyOf(scripts?.map((sha256) => textTerm(sha256.toLowerCase()))),
    ...typedWords(query.text ?? '')
      .slice(0, maxTypedWords)
      .map((prefix) => ({ prefix })),
  ];
}

/** Whether a search finds the alert. */
export function isFound(alert: Alert, query: AlertQuery): boolean {
  const at = Date.parse(alert.raisedAt);
  if (at < (query.after ?? 0) || at >= (query.before ?? Infinity)) return false;
  const terms = new Set(termsOf(alert));
  const words = [...terms].filter((term) => term.startsWith(textTerm('')));
  return conditionsOf(query).every((condition) =>
    'prefix' in condition
      ? words.some((word) => word.startsWith(textTerm(condition.prefix)))
      : condition.terms.some((term) => terms.has(term)),
  );
}
