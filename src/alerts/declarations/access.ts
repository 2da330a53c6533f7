import { type Alert, summarize } from '../alert';
import { plainLine } from '../plain-text';
import { scopeLabel } from '../scope-label';
import { type Declaration, whileDone } from './declaration';

const assignments = [
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Authorization/roleAssignments/delete',
] as const;

const isRevoked = ({ measures }: Alert) =>
  measures.revocation?.status === 'revoked' || measures.revocation?.status === 'revoking';

/** What is taken from the caller. */
export const accessDeclarations: readonly Declaration[] = [
  {
    action: 'revoke_role',
    label: 'Revoke role…',
    asks: ({ facts }) => {
      const { grant, group } = facts.access ?? {};
      const members = group?.members === null ? '' : ` (${group?.members} members)`;
      const others = group ? ` It hits everyone in group ${plainLine(group.name, 60)}${members}.` : '';
      return `Removes ${plainLine(grant?.role, 60)} at ${scopeLabel(grant?.scope ?? '')}.${others} Tokens already issued may work for some minutes.`;
    },
    yes: 'Revoke',
    danger: true,
    often: true,
    permissions: assignments,
    fits: (alert) => {
      const { grant } = alert.facts.access ?? {};
      return !isRevoked(alert) && Boolean(grant?.assignmentId && grant.scope);
    },
  },
  {
    action: 'restore_role',
    label: 'Restore role',
    asks: ({ measures }) =>
      `Puts back ${plainLine(measures.revocation?.role, 80)} for the same principal at the same scope.`,
    yes: 'Restore',
    often: true,
    undoes: 'revoke_role',
    permissions: assignments,
    fits: isRevoked,
  },
  {
    action: 'remove_member',
    label: 'Remove from group…',
    asks: 'Takes the caller out of the group that the role comes through; nobody else loses it. Tokens already issued may work for an hour.',
    yes: 'Remove',
    danger: true,
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
    fits: ({ facts }) => Boolean(facts.access?.group),
  },
  {
    action: 'add_member',
    label: 'Put back into group',
    asks: 'Makes the caller a member of the same group again.',
    yes: 'Put back',
    undoes: 'remove_member',
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
    fits: whileDone('remove_member'),
  },
  {
    action: 'end_activation',
    label: 'End PIM activation…',
    asks: 'Ends the activated role now instead of at its time. They stay eligible: without more they may activate it again.',
    yes: 'End it',
    danger: true,
    permissions: [
      'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
      'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
      'Microsoft.Authorization/roleAssignments/write',
    ],
    fits: ({ facts }) => Boolean(facts.access?.until),
  },
  {
    action: 'disable_caller',
    label: 'Disable the caller…',
    asks: 'Disables the account or application in Entra and revokes its sign-in sessions. Everything that it runs stops; access tokens already issued may work for an hour.',
    yes: 'Disable',
    danger: true,
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'User.RevokeSessions.All', 'Application.ReadWrite.All'],
    fits: (alert) => Boolean(summarize(alert).caller.id),
  },
  {
    action: 'enable_caller',
    label: 'Enable the caller again',
    asks: 'Enables the account or application again. Sessions must sign in anew.',
    yes: 'Enable',
    undoes: 'disable_caller',
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'Application.ReadWrite.All'],
    fits: whileDone('disable_caller'),
  },
];
