import { declarationOf } from '../alerts/declarations';
import type { Revocation } from '../alerts/measures';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

/** Takes away the assignment that let the call through, after writing it down whole. */
export const revokeRole: Response = {
  action: 'revoke_role',
  title: 'Revoke role',
  needs: 'responder',
  permissions: declarationOf('revoke_role').permissions,
  run: async (alert, press, deps) => {
    const known = alert.measures.revocation;
    if (known?.status === 'revoked') throw new Refusal(`${known.role} is already revoked.`);
    const grant = alert.facts.access?.grant;
    if (!grant?.assignmentId || !grant.scope)
      throw new Refusal(
        'It is not known which role assignment let the call through, so there is nothing to revoke.',
      );
    const revocation =
      known?.status === 'revoking' ? known : await found(grant.scope, grant.assignmentId, grant.role, deps);
    if (known?.status !== 'revoking') await measure(press, deps, () => ({ revocation }), 'started');
    await deps.azure.removeAssignment(revocation.scope, revocation.name);
    await measure(press, deps, () => ({ revocation: { ...revocation, status: 'revoked' } }));
    return null;
  },
};

async function found(
  scope: string,
  name: string,
  role: string,
  { azure }: Parameters<Response['run']>[2],
): Promise<Revocation> {
  const properties = await azure.readAssignment(scope, name);
  if (!properties) throw new Refusal(`${role} is not assigned any more.`);
  const keep = await azure.whyKeep(scope, name, properties);
  if (keep) throw new Refusal(`${role} is not revoked: ${keep}.`);
  return { status: 'revoking', scope, name, role, properties };
}

/** Puts back the same principal, role, scope, condition and description under the same name. */
export const restoreRole: Response = {
  action: 'restore_role',
  title: 'Restore role',
  needs: 'responder',
  permissions: declarationOf('restore_role').permissions,
  run: async (alert, press, deps) => {
    const { revocation } = alert.measures;
    if (!revocation || revocation.status === 'restored')
      throw new Refusal('No role was revoked from this alert, so there is nothing to restore.');
    await deps.azure.putAssignment(revocation.scope, revocation.name, revocation.properties);
    await measure(press, deps, () => ({ revocation: { ...revocation, status: 'restored' } }));
    return null;
  },
};
