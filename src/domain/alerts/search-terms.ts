import type { Caller } from '../activity/activity-event';
import { upnOf } from '../activity/activity-event';
import { holdersOn, identityHolderOf } from '../activity/machine-identity';
import type { Presser } from '../people/person';
import { shortDigest } from '../text/short-digest';
import { dayStart, hourOfWeek } from '../text/weeks';
import { type Alert, callerKeyOf, summarize } from './alert';
import { type ListName, listOf, ownerKeyOf } from './facets';
import { environmentsOf, knownMachines } from './join-facts';
import { subscriptionsOf } from './routed-alert';
import type { Severity } from './severity';

/** Words of one alert that are indexed: enough for the names of a burst's 1,500 machines. Later ones are left out. */
export const maxWords = 2000;
/** Code points of a word that are compared. */
const maxLength = 64;
/** From how many places of one word a search finds it. */
const maxStarts = 5;

/**
 * What alerts are found by: "state=new", "text=vm-pay-01". Values are in lower case and have no whitespace or control
 * characters, so that terms can be joined by line breaks.
 */
export const stateTerm = (state: Alert['state']) => `state=${state}`;
export const severityTerm = (severity: Alert['severity']) => `severity=${severity}`;
export const verdictTerm = (verdict: Alert['verdict']) => `verdict=${verdict}`;
export const techniqueTerm = (technique: string) => `technique=${filterValue(technique)}`;
export const environmentTerm = (environment: string) => `environment=${filterValue(environment)}`;
export const subscriptionTerm = (subscriptionId: string) => `subscription=${filterValue(subscriptionId)}`;
/** @param person name of the assignee, or verified address (else object id, else the surface's id); null: unassigned */
export const assigneeTerm = (person: string | null) =>
  `assignee=${person === null ? '' : filterValue(person)}`;
export const textTerm = (word: string) => `text=${word}`;
export const listTerm = (list: ListName, severity: Severity) => `list=${list}.${severity}`;
/** @param owner {@link ownerKeyOf} the assignee */
export const ownerTerm = (list: ListName, owner: string) => `owner=${list}.${owner}`;
/** The environment of most machines; empty for none. */
export const mainEnvironmentTerm = (environment: string) => `main-environment=${filterValue(environment)}`;
/** Alerts of one list that have the same {@link groupOf}. */
export const groupTerm = (list: ListName, group: string) => `group=${list}.${group}`;
/** @param caller digest of the caller's key, or of the resource whose own identity it is */
export const callerTerm = (caller: string) => `caller=${caller}`;
/** @param machine digest of the resource id */
export const machineTerm = (machine: string) => `machine=${machine}`;
/** @param identity digest of the object id, or of the resource that has it, in lower case */
export const identityTerm = (identity: string) => `identity=${identity}`;
/** @param correlation digest of the correlation id */
export const correlationTerm = (correlation: string) => `correlation=${correlation}`;
/** @param hour of the week, 0 for the first hour of Monday, UTC */
export const hourTerm = (hour: number) => `hour=${hour}`;
/** @param start of the day in UTC, ms */
export const dayTerm = (start: number) => `day=${start}`;

/** All terms of an alert, each once. */
export function termsOf(alert: Alert): string[] {
  const list = listOf(alert);
  const terms = new Set([
    ...(list
      ? [
          listTerm(list, alert.severity),
          ownerTerm(list, ownerKeyOf(alert.assignee)),
          groupTerm(list, groupOf(alert)),
        ]
      : []),
    mainEnvironmentTerm(environmentsOf(alert)[0]?.environment ?? ''),
    callerTerm(callerDigestOf(alert)),
    ...holderDigestsOf(alert).map(callerTerm),
    ...machineDigestsOf(alert).map(machineTerm),
    ...identityDigestsOf(alert).map(identityTerm),
    ...correlationDigestsOf(alert).map(correlationTerm),
    ...timeTerms(alert),
    stateTerm(alert.state),
    severityTerm(alert.severity),
    verdictTerm(alert.verdict),
    techniqueTerm(alert.technique),
    ...environmentsOf(alert).flatMap(({ environment }) => (environment ? environmentTerm(environment) : [])),
    ...subscriptionsOf(alert).map(subscriptionTerm),
    ...(alert.assignee ? namesOf(alert.assignee) : [null]).map(assigneeTerm),
  ]);
  for (const word of indexedWords(alert)) terms.add(textTerm(word));
  return [...terms];
}

/** An alert's commands may go on for days. */
const maxTimes = 200;

function timeTerms({ executions }: Alert): string[] {
  const terms = new Set<string>();
  for (const { startedAt } of executions) {
    const at = Date.parse(startedAt);
    terms.add(hourTerm(hourOfWeek(at))).add(dayTerm(dayStart(at)));
    if (terms.size >= maxTimes) break;
  }
  return [...terms];
}

/** Machines of a burst that are indexed. */
const maxMachines = 1500;

export const callerDigestOf = (alert: Alert): string => shortDigest(callerKeyOf(summarize(alert).caller));
export const machineDigestsOf = (alert: Alert): string[] =>
  [...new Set(alert.executions.map(({ target }) => target.id.toLowerCase()))]
    .slice(0, maxMachines)
    .map((id) => shortDigest(id));

/** The resource whose own identity the caller is, if any. */
export function holderDigestsOf(alert: Alert): string[] {
  const holder = identityHolderOf(summarize(alert).caller);
  return holder ? [shortDigest(holder)] : [];
}

/** What has the identities that the commands could use, and the object ids that are known. */
export const identityDigestsOf = (alert: Alert): string[] =>
  [
    ...new Set([
      ...knownMachines(alert).flatMap(({ identities }) => identities ?? []),
      ...summarize(alert).executions.flatMap(({ target }) => holdersOn(target.id)),
    ]),
  ]
    .slice(0, maxMachines)
    .map((id) => shortDigest(id.toLowerCase()));

/** Correlation ids of a burst that are indexed. */
const maxCorrelations = 200;

const correlationDigestsOf = ({ executions }: Alert): string[] =>
  [...new Set(executions.map(({ correlationId }) => correlationId))]
    .slice(0, maxCorrelations)
    .map((id) => shortDigest(id));

/** The same for alerts of one caller on one machine. A burst is a group of its own. */
export function groupOf(alert: Alert): string {
  const { caller, target, machines } = summarize(alert);
  return shortDigest(callerKeyOf(caller), machines > 1 ? alert.id : target.id.toLowerCase());
}

/** By name, and by what identifies them best. */
const namesOf = ({ id, name, email, objectId }: Presser): string[] => [name, email ?? objectId ?? id];

/** The words of what was typed. Each has to be the beginning of a word of the alert. */
export function typedWords(text: string): string[] {
  const words = wordsOf(text).map((word) => word.replace(/^[^\p{L}\p{N}]+(?=.)/u, ''));
  return [...new Set(words)];
}

/** A name of several parts is found by the beginning of each: "vm-pay-01" also by "pay-01" and "01". */
function indexedWords(alert: Alert): Set<string> {
  const found = new Set<string>();
  const add = (word: string) => {
    if (found.size < maxWords) found.add(word);
  };
  const whole = (text: string | null | undefined) => {
    if (text) for (const word of wordsOf(text)) add(word);
  };
  const inParts = (text: string | null | undefined) => {
    if (text) for (const word of wordsOf(text)) for (const part of startsOf(word)) add(part);
  };
  whole(alert.id);
  inParts(alert.facts.who?.name);
  const callers = new Set<Caller>();
  const known = new Set<string>();
  for (const { caller } of alert.executions) {
    const key = `${caller.id} ${caller.name} ${caller.upn} ${caller.ip}`;
    if (!known.has(key)) callers.add(caller);
    known.add(key);
  }
  for (const caller of callers) {
    inParts(caller.name);
    inParts(caller.displayName);
    inParts(upnOf(caller));
    whole(caller.id);
    whole(caller.appId);
    whole(caller.ip);
  }
  for (const { sha256 } of Object.values(alert.facts.scripts ?? {})) whole(sha256);
  for (const link of linksOf(alert)) inParts(link.split(/[/?#]/).findLast(Boolean));
  const machines = new Set<string>();
  const groups = new Set<string>();
  for (const { target } of alert.executions) {
    machines.add(target.name);
    groups.add(target.resourceGroup);
  }
  for (const machine of machines) whole(machine);
  for (const group of groups) inParts(group);
  for (const machine of machines) inParts(machine);
  return found;
}

/** Links to tickets and incidents. */
const linksOf = ({ triage }: Alert): string[] => [
  ...(triage.escalation?.places ?? []).map(({ link }) => link),
  ...(triage.notes ?? []).flatMap(({ link }) => link ?? []),
];

/** Parts of one character find too much. The domain of an address is one part. */
function startsOf(word: string): string[] {
  const starts = [word];
  const domain = word.lastIndexOf('@') + 1;
  for (const { index } of word.matchAll(/(?<=[^\p{L}\p{N}])[\p{L}\p{N}]{2}/gu)) {
    if (starts.length === maxStarts || (domain > 0 && index > domain)) break;
    starts.push(word.slice(index));
  }
  return starts;
}

const wordsOf = (text: string): string[] => normalized(text.slice(0, 1000)).split(' ').flatMap(shortened);

/** A filter's value: spaces stay, so that "Dana Kim" is one value. */
const filterValue = (text: string): string => shortened(normalized(text.slice(0, 1000)))[0] ?? '';

const shortened = (word: string): string[] => {
  if (word.length <= maxLength) return word === '' ? [] : [word];
  return [[...word].slice(0, maxLength).join('')];
};

function normalized(text: string): string {
  if (/^[!-~]+$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{Cc}\p{Z}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cs}]/gu, '')
    .trim();
}
