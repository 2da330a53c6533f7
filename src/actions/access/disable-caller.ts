import { summarize } from '../../domain/alerts/alert';
import { callerName } from '../../domain/alerts/caller-name';
import { Refusal } from '../../domain/alerts/transitions';
import { callerSubject } from '../../domain/measures/subjects';
import { is } from '../../domain/resources/resource-id';
import { plainLine } from '../../domain/text/plain-text';
import { defineMeasureAction } from '../measures/measure-action';

interface Account {
  id: string;
  name: string;
  kind: 'User' | 'ServicePrincipal';
}

/**
 * Disables the account or application in Entra through Microsoft Graph and revokes its sessions. Undo
 * enables it again.
 */
defineMeasureAction<Account>({
  id: 'disable_caller',
  group: 'access',
  label: ({ alert }) => `Disable ${callerName(alert, 40)}…`,
  order: 300,
  style: 'danger',
  confirm: {
    title: ({ alert }) => `Disable ${callerName(alert, 40)}?`,
    text: 'Disables the account or application in Entra and revokes its sign-in sessions. Everything it runs stops. Access tokens already issued may work for up to an hour.',
    yes: 'Disable',
  },
  permissions: [],
  graph: ['User.EnableDisableAccount.All', 'User.RevokeSessions.All', 'Application.ReadWrite.All'],
  kind: {
    kind: 'account',
    name: 'Disable the caller',
    undoName: 'Enable the caller again',
    subjects: ({ id }) => [callerSubject(id)],
    prepare: async ({ id, name }, _, { azure }) => {
      if (is(id, (await azure.botId()) ?? '')) throw new Refusal('That is Runwatch itself.');
      const principal = await azure.directory.principalNow(id);
      if (principal?.kind !== 'User' && principal?.kind !== 'ServicePrincipal')
        throw new Refusal(`${name} is not a user or an application in this directory.`);
      if (principal.enabled === false) throw new Refusal(`${name} is already disabled.`);
      return { id, name, kind: principal.kind };
    },
    steps: ({ id, name, kind }) => [
      { words: `disable ${name}`, run: ({ azure }) => azure.directory.setEnabled(id, kind, false) },
      ...(kind === 'User'
        ? [
            {
              words: `revoke the sign-in sessions of ${name}`,
              run: ({
                azure,
              }: {
                azure: { directory: { revokeSessions: (id: string) => Promise<unknown> } };
              }) => azure.directory.revokeSessions(id),
            },
          ]
        : []),
    ],
    says: ({ name }) => `${name} is disabled. Access tokens already issued may work for up to an hour.`,
    undo: {
      steps: ({ id, name, kind }) => [
        { words: `enable ${name}`, run: ({ azure }) => azure.directory.setEnabled(id, kind, true) },
      ],
      says: ({ name }) => `${name} is enabled again.`,
    },
    drift: async ({ id, name }, { azure }) =>
      (await azure.directory.principalNow(id))?.enabled === true ? `someone enabled ${name}` : null,
  },
  targets: ({ alert }) => {
    const { caller } = summarize(alert);
    if (!caller.id) throw new Refusal(`Azure's log has no object ID for ${plainLine(caller.name, 80)}.`);
    return [{ id: caller.id.toLowerCase(), name: plainLine(caller.name, 80) }];
  },
  fits: ({ alert }) => Boolean(summarize(alert).caller.id),
  undo: {
    id: 'enable_caller',
    label: ({ alert }) => `Enable ${callerName(alert, 40)}…`,
    order: 301,
    sameRightAs: 'disable_caller',
    confirm: {
      title: ({ alert }) => `Enable ${callerName(alert, 40)}?`,
      text: 'Enables the account or application again. They must sign in again.',
      yes: 'Enable',
    },
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'Application.ReadWrite.All'],
  },
});
