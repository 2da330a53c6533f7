import type { Action, ActionId } from '../actions/action';
import type { ResponderRule } from '../config/config';
import { globMatches } from '../domain/exceptions/exception';
import {
  isApplication,
  isConsoleToken,
  isInChat,
  isSignedIn,
  isTicketSystem,
  type Presser,
} from '../domain/people/person';
import { is } from '../domain/resources/resource-id';
import { plainLine } from '../domain/text/plain-text';
import { phrase, t, translate } from '../domain/text/translate';

/** Whether a person is in a chat or Entra group. Called only when a rule names a group. */
export type InGroup = (group: string, presser: Presser) => Promise<boolean>;

export interface AccessCheck {
  action: ActionId;
  needs: Action['right'];
  presser: Presser;
  subscriptionId: string;
}

/**
 * Returns null if this person may do it in that subscription, else the reason as text for them.
 * @param mayRead while no responder is configured, readers may triage; only readers are told who may
 */
export async function refusalFor(
  asked: AccessCheck,
  rules: readonly ResponderRule[],
  inGroup: InGroup,
  mayRead: (presser: Presser) => Promise<boolean>,
): Promise<string | null> {
  if (rules.length === 0) {
    if (asked.needs !== 'triage')
      return t`No responders are configured, so nobody may do this. Set RUNWATCH_RESPONDERS (or responders in RUNWATCH_CONFIG).`;
    const isUnnamed = isConsoleToken(asked.presser) || isApplication(asked.presser);
    if (!isUnnamed && (await mayRead(asked.presser))) return null;
    return translate(cannotRead);
  }
  const granting = rules.filter(
    ({ may, subscriptions }) =>
      (may === 'all' || may.includes(asked.action)) &&
      (!subscriptions || subscriptions.includes(asked.subscriptionId.toLowerCase())),
  );
  const who = [...new Set(granting.flatMap((rule) => rule.who))];
  for (const one of who) if (await matchesRule(one, asked.presser, inGroup)) return null;
  const action = asked.action.replaceAll('_', ' ');
  if (who.length === 0)
    return t`You are not among the responders who may ${action} here: nobody is. Ask an admin to change RUNWATCH_RESPONDERS.`;
  const named = (await mayRead(asked.presser)) ? ` (${namesOf(who)})` : '';
  return t`You are not among the responders who may ${action} here. Ask one of them${named}, or ask an admin to change RUNWATCH_RESPONDERS.`;
}

const maxNamed = 5;

/** Entries of RUNWATCH_RESPONDERS, as configured. */
function namesOf(who: readonly string[]): string {
  const names = who.slice(0, maxNamed).map((one) => plainLine(one, 60));
  return `${names.join(', ')}${who.length > maxNamed ? t` and ${who.length - maxNamed} more` : ''}`;
}

/**
 * The subscriptions that a person's right to an action is limited to. Undefined if a rule grants it
 * everywhere, or if no rule grants it.
 */
export async function subscriptionLimitOf(
  action: ActionId,
  presser: Presser,
  rules: readonly ResponderRule[],
  inGroup: InGroup,
): Promise<readonly string[] | undefined> {
  const limits: string[] = [];
  for (const rule of rules) {
    if (rule.may !== 'all' && !rule.may.includes(action)) continue;
    for (const who of rule.who) {
      if (!(await matchesRule(who, presser, inGroup))) continue;
      if (!rule.subscriptions) return undefined;
      limits.push(...rule.subscriptions);
    }
  }
  return limits.length > 0 ? [...new Set(limits)] : undefined;
}

export const cannotRead = phrase(
  'You may not read alerts here. Join an alert channel, or ask an admin to change RUNWATCH_READERS.',
);

export interface ReaderRules {
  responders: readonly ResponderRule[];
  readers: readonly string[] | null;
  inGroup: InGroup;
  /** Whether this person is a member of an alert channel. */
  isInAlertChannel: (presser: Presser) => Promise<boolean>;
}

/**
 * Whether this person may read alerts, roles and exceptions. Responders always may. Otherwise
 * RUNWATCH_READERS decides or, if unset, membership of an alert channel. The console's token and local user
 * may, and so may commands. An application may if either names it.
 */
export async function mayRead(presser: Presser, rules: ReaderRules): Promise<boolean> {
  if (isTicketSystem(presser)) return false;
  const isNamed = isInChat(presser) || isSignedIn(presser) || isApplication(presser);
  if (!isNamed) return true;
  if (await isResponder(presser, rules.responders, rules.inGroup)) return true;
  for (const who of rules.readers ?? []) if (await matchesRule(who, presser, rules.inGroup)) return true;
  return rules.readers === null && !isApplication(presser) && (await rules.isInAlertChannel(presser));
}

/** Whether this person is a responder for any action in any subscription. */
export async function isResponder(
  presser: Presser,
  responders: readonly ResponderRule[],
  inGroup: InGroup,
): Promise<boolean> {
  for (const who of new Set(responders.flatMap((rule) => rule.who)))
    if (await matchesRule(who, presser, inGroup)) return true;
  return false;
}

async function matchesRule(who: string, presser: Presser, inGroup: InGroup): Promise<boolean> {
  if (isIncomparable(presser)) return is(who, presser.id);
  if (isConsoleToken(presser)) return who.toLowerCase() === presser.id;
  // No pattern and no group stands for an application: it must be named.
  if (isApplication(presser)) return is(presser.id, who) || is(presser.objectId, who);
  if (who === '*') return true;
  if (/^[a-z][a-z0-9-]*-group:/.test(who)) return inGroup(who, presser);
  if (who.includes('@')) return presser.email !== undefined && globMatches(who, presser.email);
  return who.toLowerCase() === presser.id.toLowerCase();
}

/**
 * A person by an access token without a verified address: nothing shows whether they are an alert's caller or an
 * application. The token's sender chose what it contains, so such a person is trusted only if named.
 */
const isIncomparable = ({ client, email, objectId }: Presser): boolean =>
  client !== undefined && email === undefined && objectId === undefined;
