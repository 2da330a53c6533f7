import type { Presser } from '../alerts/alert';
import { globMatches } from '../alerts/exception';
import type { ActionId, ResponderRule } from '../config';
import type { Response } from './response';

/** Whether somebody is in a chat's or Entra's group; asked only when a rule names one. */
export type InGroup = (group: string, presser: Presser) => Promise<boolean>;

export interface Asked {
  action: ActionId;
  needs: Response['needs'];
  presser: Presser;
  subscriptionId: string;
}

/** May this person do it there? Answers null when they may, else why not, in words for them. */
export async function refusalFor(
  asked: Asked,
  rules: readonly ResponderRule[],
  inGroup: InGroup,
): Promise<string | null> {
  if (rules.length === 0) {
    if (asked.needs === 'triage') return null;
    return 'No responders are configured, so nobody may do this. Set RUNWATCH_RESPONDERS (or responders in RUNWATCH_CONFIG).';
  }
  for (const rule of rules) {
    if (rule.may !== 'all' && !rule.may.includes(asked.action)) continue;
    if (rule.subscriptions && !rule.subscriptions.includes(asked.subscriptionId.toLowerCase())) continue;
    for (const who of rule.who) if (await isMeant(who, asked.presser, inGroup)) return null;
  }
  return `You are not among the responders who may ${asked.action.replaceAll('_', ' ')} here. Ask one of them, or have RUNWATCH_RESPONDERS changed.`;
}

async function isMeant(who: string, presser: Presser, inGroup: InGroup): Promise<boolean> {
  if (who === '*') return true;
  if (/^(slack|entra)-group:/.test(who)) return inGroup(who, presser);
  if (who.includes('@')) return presser.email !== undefined && globMatches(who, presser.email);
  return who.toLowerCase() === presser.id.toLowerCase();
}
