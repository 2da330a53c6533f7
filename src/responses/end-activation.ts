import { summarize } from '../alerts/alert';
import { uuidFrom } from '../alerts/guid';
import { plainLine } from '../alerts/plain-text';
import { is } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { reversible } from './reversible';

interface Before {
  requestId: string;
  scope: string;
  principalId: string;
  roleDefinitionId: string;
  role: string;
  until: string;
}

/** Ends an activated PIM role now instead of at its time. They stay eligible, so activating it again is the undo. */
export const [endActivation] = reversible<Before>({
  action: 'end_activation',
  prepare: async (alert, press, { azure }) => {
    const { caller, target } = summarize(alert);
    const { grant, until } = alert.facts.access ?? {};
    const scheduled = caller.id ? await azure.scheduledOf(caller.id, target.subscriptionId) : [];
    const active = scheduled.find(({ name }) => is(name, grant?.assignmentId ?? ''));
    if (!grant || !until || !active) throw new Refusal('No PIM activation let the call through.');
    return {
      requestId: uuidFrom(press.pressId),
      scope: active.scope,
      principalId: active.principalId,
      roleDefinitionId: active.roleDefinitionId,
      role: plainLine(grant.role, 80),
      until,
    };
  },
  steps: ({ requestId, scope, principalId, roleDefinitionId, role }) => [
    {
      words: `end the activation of ${role}`,
      run: (_, { azure }) => azure.endActivation(scope, requestId, principalId, roleDefinitionId),
    },
  ],
  says: ({ role }) => `The activation of ${role} is ended; they stay eligible.`,
});
