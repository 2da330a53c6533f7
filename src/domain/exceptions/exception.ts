import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { upnOf } from '../activity/activity-event';
import { is } from '../resources/resource-id';
import type { Execution } from '../techniques/execution';
import type { ExceptionOrigin } from './exception-origin';
import { inWindow, type TimeWindow } from './time-window';

type OneOrMany = string | string[];

/**
 * An exception's conditions. All must match; a list matches if any value does. Case-insensitive; * matches
 * any text.
 */
export interface Match {
  caller?: OneOrMany | undefined;
  target?: OneOrMany | undefined;
  resourceGroup?: OneOrMany | undefined;
  subscription?: OneOrMany | undefined;
  tag?: Record<string, OneOrMany> | undefined;
  technique?: OneOrMany | undefined;
  script?: { sha256?: OneOrMany | undefined; pattern?: string | undefined } | undefined;
  ip?: OneOrMany | undefined;
  hours?: TimeWindow | undefined;
}

/** A documented reason not to alert. */
export interface Exception {
  id: string;
  match: Match;
  reason: string;
  owner: string;
  /** When it expires, RFC 3339. */
  expires: string;
  review?: string | undefined;
  ticket?: string | undefined;
  /** Also suppresses critical scores. */
  silenceCritical?: boolean | undefined;
  createdBy?: string | undefined;
  createdAt?: string | undefined;
  /** Absent if it was not added from a closed alert. */
  from?: ExceptionOrigin | undefined;
}

/** A script that is known. The same object for all executions of it. */
export type ScriptText = { sha256: string | null; text: string | null };

/** Facts about an execution beyond the log. A condition on an unknown fact does not match. */
export interface MatchFacts {
  tags?: Record<string, string> | undefined;
  script?: ScriptText | undefined;
}

/** The first exception that covers the execution and was valid when it started. */
export function findException(
  exceptions: readonly Exception[],
  execution: Execution,
  facts: MatchFacts = {},
): Exception | null {
  return (
    exceptions.find(
      (exception) => isLive(exception, execution.startedAt) && matches(exception.match, execution, facts),
    ) ?? null
  );
}

/** The last day it applies. Midnight counts as the end of the previous day. */
export const lastDay = (expires: string): string =>
  new Date(Date.parse(expires) - 1).toISOString().slice(0, 10);

export const isLive = (exception: Exception, at: string): boolean =>
  Date.parse(at) < Date.parse(exception.expires);

export function matches(match: Match, execution: Execution, facts: MatchFacts = {}): boolean {
  const { caller, target } = execution;
  const given = Object.values(match).filter((value) => value !== undefined);
  if (given.length === 0) return false;
  return (
    anyOf(match.caller, [upnOf(caller), caller.id, caller.appId]) &&
    anyOf(match.target, [target.name, target.id]) &&
    anyOf(match.resourceGroup, [target.resourceGroup]) &&
    anyOf(match.subscription, [target.subscriptionId]) &&
    anyOf(match.technique, [execution.technique]) &&
    tagsMatch(match.tag, facts.tags) &&
    scriptMatches(match.script, facts.script) &&
    ipMatches(match.ip, caller.ip) &&
    (!match.hours || inWindow(match.hours, new Date(execution.startedAt)))
  );
}

function anyOf(wanted: OneOrMany | undefined, values: (string | null)[]): boolean {
  if (wanted === undefined) return true;
  return list(wanted).some((pattern) =>
    values.some((value) => value !== null && globMatches(pattern, value)),
  );
}

const list = (value: OneOrMany): string[] => (Array.isArray(value) ? value : [value]);

/** Matches case-insensitively; * matches any text. Runs in linear time, without backtracking. */
export function globMatches(pattern: string, value: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = value.toLowerCase();
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function tagsMatch(
  wanted: Record<string, OneOrMany> | undefined,
  tags: Record<string, string> | undefined,
): boolean {
  if (!wanted) return true;
  if (!tags) return false;
  return Object.entries(wanted).every(([name, values]) => {
    const value = Object.entries(tags).find(([tag]) => is(tag, name))?.[1];
    return value !== undefined && anyOf(values, [value]);
  });
}

function scriptMatches(wanted: Match['script'], script: MatchFacts['script']): boolean {
  if (!wanted) return true;
  if (!script) return false;
  return (
    anyOf(wanted.sha256, [script.sha256]) &&
    (wanted.pattern === undefined || patternFinds(wanted.pattern, script))
  );
}

const patterns = new LRUCache<string, RE2JS>({ max: 200 });
const found = new WeakMap<ScriptText, Map<string, boolean>>();

/** Cached, because a burst may run one script a thousand times. */
function patternFinds(pattern: string, script: ScriptText): boolean {
  const known = found.get(script) ?? new Map<string, boolean>();
  found.set(script, known);
  const compiled = patterns.get(pattern) ?? RE2JS.compile(pattern);
  patterns.set(pattern, compiled);
  const finds = known.get(pattern) ?? compiled.matcher(script.text ?? '').find();
  known.set(pattern, finds);
  return finds;
}

function ipMatches(wanted: OneOrMany | undefined, ip: string | null): boolean {
  if (wanted === undefined) return true;
  if (!ip || !ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return list(wanted).some((range) => {
    const [network, bits] = range.includes('/')
      ? ipaddr.parseCIDR(range)
      : ([ipaddr.process(range), ipaddr.process(range).kind() === 'ipv4' ? 32 : 128] as const);
    return network.kind() === address.kind() && address.match([network, bits] as [ipaddr.IPv4, number]);
  });
}
