import type { MissingPermissions } from '../actions/missing-permissions';
import { plainLine } from '../domain/text/plain-text';
import { phrase, t, translate } from '../domain/text/translate';
import type { Action } from './actions';

/** The order of an incident. */
const titles: Record<Action['group'], string> = {
  triage: phrase('Triage'),
  contain: phrase('Contain'),
  access: phrase('Access'),
  preserve: phrase('Preserve'),
  recover: phrase('Recover'),
  'hand over': phrase('Hand over'),
};

export interface ResponseGroup {
  title: string;
  actions: Action[];
}

/** More wait only if someone floods us with requests. */
const maxApprovals = 10;

/** Every action that applies, by purpose. Pending approvals come first. */
export function responseGroups(actions: readonly Action[]): ResponseGroup[] {
  const decisions = actions.filter(({ approvalId }) => approvalId);
  const shown = new Set([...new Set(decisions.map(({ approvalId }) => approvalId))].slice(0, maxApprovals));
  const waiting = decisions.filter(({ approvalId }) => shown.has(approvalId));
  const more = waiting.length < decisions.length ? t` (the oldest; all are in the console)` : '';
  const groups = Object.entries(titles).map(([group, title]) => ({
    title: translate(title),
    actions: actions.filter((action) => action.group === group && !action.approvalId),
  }));
  return [{ title: t`Waiting for approval${more}`, actions: waiting }, ...groups].filter(
    (group) => group.actions.length > 0,
  );
}

/** What is said where nothing applies any more. */
export const nothingApplies = phrase('No responses apply to this alert any more.');

const shownPermissions = 3;

/** "The bot lacks A, B and 2 more"; empty if it lacks none. */
export function missingText({ id }: Action, missing: MissingPermissions | null): string {
  const lacking = missing?.[id] ?? [];
  if (lacking.length === 0) return '';
  const shown = lacking.slice(0, shownPermissions).map((name) => plainLine(name, 120));
  const more = lacking.length - shown.length;
  return t`The bot lacks ${shown.join(', ')}${more > 0 ? t` and ${more} more` : ''}.`;
}

/** What is said where it can't be told which permissions are missing. */
export const permissionsUnknown = phrase(
  'The bot’s permissions could not be checked. An action that lacks one fails and says so.',
);
