import type { Action, ActionId } from '../actions/action';
import type { ResponderRule } from '../config/config';
import { globMatches } from '../domain/exceptions/exception';
import { isConsoleToken, type Presser } from '../domain/people/person';

/** Whether somebody is in a chat's or Entra's group; asked only when a rule names one. */
export type InGroup = (group: string, presser: Presser) => Promise<boolean>;

export interface Asked {
  action: ActionId;
  needs: Action['right'];
  presser: Presser;
  subscriptionId: string;
}

/**
 * May this person do it there? Answers null when they may, else why not, in words for them.
 * @param mayRead whoever may read may triage where no responder is configured
 */
export async function refusalFor(
  asked: Asked,
  rules: readonly ResponderRule[],
  inGroup: InGroup,
  mayRead: (presser: Presser) => Promise<boolean>,
): Promise<string | null> {
  if (rules.length === 0) {
    if (asked.needs !== 'triage')
      return 'No responders are configured, so nobody may do this. Set RUNWATCH_RESPONDERS (or responders in RUNWATCH_CONFIG).';
    if (!isConsoleToken(asked.presser) && (await mayRead(asked.presser))) return null;
    return cannotRead;
  }
  for (const rule of rules) {
    if (rule.may !== 'all' && !rule.may.includes(asked.action)) continue;
    if (rule.subscriptions && !rule.subscriptions.includes(asked.subscriptionId.toLowerCase())) continue;
    for (const who of rule.who) if (await isMeant(who, asked.presser, inGroup)) return null;
  }
  return `You are not among the responders who may ${asked.action.replaceAll('_', ' ')} here. Ask one of them, or have RUNWATCH_RESPONDERS changed.`;
}

/**
 * The subscriptions that somebody's right to an action is limited to; undefined where some rule gives it everywhere, or no
 * rule gives it at all.
 */
export async function limitOf(
  action: ActionId,
  presser: Presser,
  rules: readonly ResponderRule[],
  inGroup: InGroup,
): Promise<readonly string[] | undefined> {
  const limits: string[] = [];
  for (const rule of rules) {
    if (rule.may !== 'all' && !rule.may.includes(action)) continue;
    for (const who of rule.who) {
      if (!(await isMeant(who, presser, inGroup))) continue;
      if (!rule.subscriptions) return undefined;
      limits.push(...rule.subscriptions);
    }
  }
  return limits.length > 0 ? [...new Set(limits)] : undefined;
}

export const cannotRead =
  'You may not read alerts here. Join a channel that alerts go to, or have RUNWATCH_READERS changed.';

export interface ReaderRules {
  responders: readonly ResponderRule[];
  readers: readonly string[] | null;
  inGroup: InGroup;
  /** Is this person a member of a channel that alerts go to? */
  isInAlertChannel: (presser: Presser) => Promise<boolean>;
}

/**
 * May this person read alerts, roles and exceptions? Responders always may; else RUNWATCH_READERS decides, and where it is
 * unset the membership of a channel that alerts go to. The console decides by its own door.
 */
export async function mayRead(presser: Presser, rules: ReaderRules): Promise<boolean> {
  if (presser.surface !== 'slack' && presser.surface !== 'teams') return true;
  if (await isNamed(presser, rules.responders, rules.inGroup)) return true;
  for (const who of rules.readers ?? []) if (await isMeant(who, presser, rules.inGroup)) return true;
  return rules.readers === null && (await rules.isInAlertChannel(presser));
}

/** Is this person among the responders, for whatever action and place? */
export async function isNamed(
  presser: Presser,
  responders: readonly ResponderRule[],
  inGroup: InGroup,
): Promise<boolean> {
  for (const who of new Set(responders.flatMap((rule) => rule.who)))
    if (await isMeant(who, presser, inGroup)) return true;
  return false;
}

async function isMeant(who: string, presser: Presser, inGroup: InGroup): Promise<boolean> {
  if (isConsoleToken(presser)) return who.toLowerCase() === presser.id;
  if (who === '*') return true;
  if (/^(slack|entra)-group:/.test(who)) return inGroup(who, presser);
  if (who.includes('@')) return presser.email !== undefined && globMatches(who, presser.email);
  return who.toLowerCase() === presser.id.toLowerCase();
}
