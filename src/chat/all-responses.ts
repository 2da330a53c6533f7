import type { Action } from './actions';

/** The order of an incident. */
const titles: Record<Action['group'], string> = {
  triage: 'Triage',
  contain: 'Contain',
  access: 'Access',
  preserve: 'Preserve',
  recover: 'Recover',
  'hand over': 'Hand over',
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
  const more = waiting.length < decisions.length ? ' (the oldest; all are in the console)' : '';
  const groups = Object.entries(titles).map(([group, title]) => ({
    title,
    actions: actions.filter((action) => action.group === group && !action.approvalId),
  }));
  return [{ title: `Waiting for approval${more}`, actions: waiting }, ...groups].filter(
    (group) => group.actions.length > 0,
  );
}

/** What is said where nothing applies any more. */
export const nothingApplies = 'No responses apply to this alert any more.';
