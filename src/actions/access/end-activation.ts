import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { assignmentSubject } from '../../domain/measures/subjects';
import { is } from '../../domain/resources/resource-id';
import { uuidFrom } from '../../domain/text/guid';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';

interface Activation {
  requestId: string;
  scope: string;
  principalId: string;
  roleDefinitionId: string;
  role: string;
}

/**
 * Ends an active PIM role before its scheduled end. The caller stays eligible, so activating it again is the
 * undo.
 */
defineMeasureAction<Activation>({
  id: 'end_activation',
  group: 'access',
  label: phrase('End PIM activation…'),
  order: 290,
  style: 'danger',
  confirm: {
    title: phrase('End the activation?'),
    text: phrase(
      'Ends the active role now, before its scheduled end. They stay eligible and can activate it again.',
    ),
    yes: phrase('End it'),
  },
  permissions: [
    'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
    'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
    'Microsoft.Authorization/roleAssignments/write',
  ],
  kind: {
    kind: 'activation',
    name: phrase('End PIM activation'),
    passes: true,
    subjects: ({ id }) => [assignmentSubject(id)],
    prepare: async ({ id, name }, press, { azure }, alert) => {
      if (!alert) throw new Refusal(t`No PIM activation let the call through.`);
      const { caller, target } = summarize(alert);
      const scheduled = caller.id ? await azure.scheduledOf(caller.id, target.subscriptionId) : [];
      const active = scheduled.find((one) => is(one.name, id));
      if (!active) throw new Refusal(t`No PIM activation let the call through.`);
      return {
        requestId: uuidFrom(press.pressId),
        scope: active.scope,
        principalId: active.principalId,
        roleDefinitionId: active.roleDefinitionId,
        role: name,
      };
    },
    steps: ({ requestId, scope, principalId, roleDefinitionId, role }) => [
      {
        words: t`end the activation of ${role}`,
        run: ({ azure }) => azure.endActivation(scope, requestId, principalId, roleDefinitionId),
      },
    ],
    says: ({ role }) => t`The activation of ${role} was ended. They stay eligible.`,
  },
  targets: ({ alert }) => {
    const { grant, until } = alert.facts.access ?? {};
    if (!until || !grant?.assignmentId) throw new Refusal(t`No PIM activation let the call through.`);
    return [{ id: grant.assignmentId, name: plainLine(grant.role, 80) }];
  },
  fits: ({ alert }) => Boolean(alert.facts.access?.until && alert.facts.access.grant?.assignmentId),
});
