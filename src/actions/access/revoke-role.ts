import type { AssignmentProperties } from '../../azure/access/locks-and-assignments';
import { Refusal } from '../../domain/alerts/transitions';
import { assignmentSubject } from '../../domain/measures/subjects';
import { scopeLabel } from '../../domain/resources/scope-label';
import { plainLine } from '../../domain/text/plain-text';
import { counted, phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, Target } from '../measures/measure-kind';

interface Assignment {
  scope: string;
  name: string;
  role: string;
  properties: AssignmentProperties;
}

/** A role assignment as a target, identified by its scope and name. */
export const assignmentTarget = (scope: string, name: string, role: string): Target => ({
  id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
  name: t`${plainLine(role, 80)} at ${scopeLabel(scope)}`,
});

const placeOf = ({ id }: Target) => {
  const at = id.toLowerCase().lastIndexOf('/providers/microsoft.authorization/roleassignments/');
  return { scope: id.slice(0, at), name: id.split('/').at(-1) ?? '' };
};

/** Deletes an assignment after saving all of its properties. Undo creates it again under the same name. */
export const roleAssignment: MeasureKind<Assignment> = {
  kind: 'role',
  name: phrase('Revoke role'),
  undoName: phrase('Restore role'),
  subjects: (target) => [assignmentSubject(placeOf(target).name)],
  prepare: async (target, _, { azure }) => {
    const { scope, name } = placeOf(target);
    const role = target.name.split(' at ')[0] ?? '';
    const properties = await azure.readAssignment(scope, name);
    if (!properties) throw new Refusal(t`${role} is no longer assigned.`);
    const keep = await azure.whyKeep(scope, name, properties);
    if (keep) throw new Refusal(t`${role} can't be revoked: ${keep}.`);
    return { scope, name, role, properties };
  },
  steps: ({ scope, name, role }) => [
    {
      words: t`remove the assignment of ${role} at ${scopeLabel(scope)}`,
      run: ({ azure }) => azure.removeAssignment(scope, name),
    },
  ],
  says: ({ role, scope }) =>
    t`Revoked: ${plainLine(role, 80)} at ${scopeLabel(scope)}. Tokens already issued may work for a few minutes.`,
  undo: {
    steps: ({ scope, name, role, properties }) => [
      {
        words: t`assign ${role} at ${scopeLabel(scope)} again`,
        run: ({ azure }) => azure.putAssignment(scope, name, properties),
      },
    ],
    says: ({ role, scope }) => t`Restored: ${plainLine(role, 80)} at ${scopeLabel(scope)}.`,
  },
  drift: async ({ scope, name, role }, { azure }) =>
    (await azure.readAssignment(scope, name)) ? t`someone assigned ${role} again` : null,
};

const permissions = [
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Authorization/roleAssignments/delete',
] as const;

defineMeasureAction({
  id: 'revoke_role',
  group: 'access',
  label: phrase('Revoke role…'),
  summary: phrase(
    'Saves and removes the role assignment that allowed the call. The dialog shows who else is affected. It never removes the last owner or Runwatch itself. Tokens already issued may work for a few minutes.',
  ),
  order: 180,
  often: true,
  style: 'danger',
  confirm: {
    title: phrase('Revoke the role?'),
    text: ({ alert }) => {
      const { grant, group, subscriptionName } = alert.facts.access ?? {};
      const members = group?.members == null ? '' : counted(group.members, ' (# member)', ' (# members)');
      const others = group ? t` This affects everyone in group ${plainLine(group.name, 60)}${members}.` : '';
      return t`Removes ${plainLine(grant?.role, 60)} at ${scopeLabel(grant?.scope ?? '', subscriptionName)}.${others} Tokens already issued may work for a few minutes.`;
    },
    yes: phrase('Revoke'),
  },
  permissions,
  kind: roleAssignment,
  targets: ({ alert }) => {
    const { grant } = alert.facts.access ?? {};
    if (!grant?.assignmentId || !grant.scope)
      throw new Refusal(
        t`The role assignment that allowed the call is unknown, so there is nothing to revoke.`,
      );
    return [assignmentTarget(grant.scope, grant.assignmentId, grant.role)];
  },
  fits: ({ alert }) => {
    const { grant } = alert.facts.access ?? {};
    return Boolean(grant?.assignmentId && grant.scope);
  },
  undo: {
    id: 'restore_role',
    label: phrase('Restore role…'),
    summary: phrase(
      'Assigns the same role to the same principal again, under the same name and with the same condition.',
    ),
    order: 170,
    often: true,
    confirm: {
      title: phrase('Restore the role?'),
      text: ({ measures }) =>
        t`Restores ${plainLine(measures.find(({ kind }) => kind === 'role')?.name, 120)} for the same principal.`,
      yes: phrase('Restore'),
    },
    permissions,
  },
});
