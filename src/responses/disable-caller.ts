import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { is } from '../alerts/resource-id';
import { Refusal } from '../alerts/transitions';
import { reversible } from './reversible';

interface Before {
  id: string;
  name: string;
  kind: 'User' | 'ServicePrincipal';
}

/** Disables the account or application in Entra and ends its sessions, by Microsoft Graph; enabling it is the undo. */
export const [disableCaller, enableCaller] = reversible<Before>({
  action: 'disable_caller',
  prepare: async (alert, _, { azure }) => {
    const { caller } = summarize(alert);
    const name = plainLine(caller.name, 80);
    if (!caller.id) throw new Refusal(`Azure's log names no object id for ${name}.`);
    if (is(caller.id, (await azure.botId()) ?? '')) throw new Refusal('That is Runwatch itself.');
    const principal = await azure.directory.principal(caller.id);
    if (principal?.kind !== 'User' && principal?.kind !== 'ServicePrincipal')
      throw new Refusal(`${name} is not known in this directory as a person or an application.`);
    if (principal.enabled === false) throw new Refusal(`${name} is disabled already.`);
    return { id: caller.id, name, kind: principal.kind };
  },
  steps: ({ id, name, kind }) => [
    { words: `disable ${name}`, run: (_, { azure }) => azure.directory.setEnabled(id, kind, false) },
    ...(kind === 'User'
      ? [
          {
            words: `revoke the sign-in sessions of ${name}`,
            run: (
              _: Before,
              { azure }: { azure: { directory: { revokeSessions: (id: string) => Promise<unknown> } } },
            ) => azure.directory.revokeSessions(id),
          },
        ]
      : []),
  ],
  says: ({ name }) => `${name} is disabled. Access tokens already issued may work for an hour.`,
  undo: {
    action: 'enable_caller',
    steps: ({ id, name, kind }) => [
      { words: `enable ${name}`, run: (_, { azure }) => azure.directory.setEnabled(id, kind, true) },
    ],
    says: ({ name }) => `${name} is enabled again.`,
  },
});
