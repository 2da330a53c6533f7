import { type CallerRole, rolesOf } from '../../azure/access/effective-roles';
import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { plainLine } from '../../domain/text/plain-text';
import { counted, phrase, t, timeText } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { auditOf } from '../audit-of';
import { defineAction } from '../registry';

/** Shows the presser every role of the caller, and which ones allow run commands. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'show_roles',
  group: 'triage',
  name: phrase('Show roles'),
  label: phrase('Show roles'),
  summary: phrase('Shows you privately every role of the caller, and which ones allow run commands.'),
  order: 140,
  often: true,
  right: 'triage',
  permissions: [
    'Microsoft.Authorization/roleAssignments/read',
    'Microsoft.Authorization/roleDefinitions/read',
    'Microsoft.Authorization/denyAssignments/read',
  ],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async ({ alert }, press, { azure, store }) => {
    const { caller, target } = summarize(alert);
    if (!caller.id)
      throw new Refusal(
        t`Azure's log has no object ID for ${plainLine(caller.name, 80)}, so Runwatch can't look up their roles.`,
      );
    const roles = await rolesOf(caller.id, target.id, target.subscriptionId, azure);
    await store.audit.append([auditOf(press, alert, 'done')], press.pressId);
    return rolesText(caller.name, target.name, roles);
  },
});

const maxShownRoles = 20;

/** Roles as text. Roles that allow run commands come first. */
export function rolesText(caller: string, place: string, roles: readonly CallerRole[]): string {
  const sorted = [...roles].sort((a, b) => Number(b.runsCommands) - Number(a.runsCommands));
  const head = t`${plainLine(caller, 80)} has ${counted(roles.length, '# role assignment that applies', '# role assignments that apply')} to ${plainLine(place, 120)}:`;
  const rest = sorted.length > maxShownRoles ? [t`… and ${sorted.length - maxShownRoles} more`] : [];
  return [head, ...sorted.slice(0, maxShownRoles).map((role) => `• ${roleLine(role)}`), ...rest].join('\n');
}

/** One role as text: scope, how it is granted, and whether it allows run commands. */
export function roleLine(role: CallerRole): string {
  const effect = role.deniedBy
    ? t`denied by ${plainLine(role.deniedBy, 60)}`
    : role.runsCommands
      ? role.eligible
        ? t`runs commands once activated`
        : role.denyNotEvaluated
          ? t`runs commands, but deny assignment ${plainLine(role.denyNotEvaluated, 60)} was not evaluated`
          : t`runs commands`
      : t`does not run commands`;
  return t`${plainLine(role.role, 60)} at ${plainLine(role.scope, 160)}, ${howOf(role)}: ${effect}`;
}

export function howOf({ group, until, eligible, condition }: CallerRole): string {
  const parts = [
    group
      ? t`through group ${plainLine(group.name, 60)}${group.members === null ? '' : counted(group.members, ' (# member)', ' (# members)')}`
      : t`directly`,
  ];
  if (eligible) parts.push(t`PIM eligible`);
  else if (until) parts.push(t`PIM until ${timeText(until)}`);
  if (condition) parts.push(t`has a condition, not evaluated`);
  return parts.join(', ');
}
