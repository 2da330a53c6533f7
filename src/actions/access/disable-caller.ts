import { summarize } from '../../domain/alerts/alert';
import { callerName } from '../../domain/alerts/caller-name';
import { Refusal } from '../../domain/alerts/transitions';
import { callerSubject } from '../../domain/measures/subjects';
import { is } from '../../domain/resources/resource-id';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t } from '../../domain/text/translate';
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
  label: ({ alert }) => t`Disable ${callerName(alert, 40)}…`,
  order: 300,
  style: 'danger',
  confirm: {
    title: ({ alert }) => t`Disable ${callerName(alert, 40)}?`,
    text: phrase(
      'Disables the account or application in Entra and revokes its sign-in sessions. Everything it runs stops. Access tokens already issued may work for up to an hour.',
    ),
    yes: phrase('Disable'),
  },
  permissions: [],
  graph: ['User.EnableDisableAccount.All', 'User.RevokeSessions.All', 'Application.ReadWrite.All'],
  kind: {
    kind: 'account',
    name: phrase('Disable the caller'),
    undoName: phrase('Enable the caller again'),
    subjects: ({ id }) => [callerSubject(id)],
    prepare: async ({ id, name }, _, { azure }) => {
      if (is(id, (await azure.botId()) ?? '')) throw new Refusal(t`That is Runwatch itself.`);
      const principal = await azure.directory.principalNow(id);
      if (principal?.kind !== 'User' && principal?.kind !== 'ServicePrincipal')
        throw new Refusal(t`${name} is not a user or an application in this directory.`);
      if (principal.enabled === false) throw new Refusal(t`${name} is already disabled.`);
      return { id, name, kind: principal.kind };
    },
    steps: ({ id, name, kind }) => [
      { words: t`disable ${name}`, run: ({ azure }) => azure.directory.setEnabled(id, kind, false) },
      ...(kind === 'User'
        ? [
            {
              words: t`revoke the sign-in sessions of ${name}`,
              run: ({
                azure,
              }: {
                azure: { directory: { revokeSessions: (id: string) => Promise<unknown> } };
              }) => azure.directory.revokeSessions(id),
            },
          ]
        : []),
    ],
    says: ({ name }) => t`${name} is disabled. Access tokens already issued may work for up to an hour.`,
    undo: {
      steps: ({ id, name, kind }) => [
        { words: t`enable ${name}`, run: ({ azure }) => azure.directory.setEnabled(id, kind, true) },
      ],
      says: ({ name }) => t`${name} is enabled again.`,
    },
    drift: async ({ id, name }, { azure }) =>
      (await azure.directory.principalNow(id))?.enabled === true ? t`someone enabled ${name}` : null,
  },
  targets: ({ alert }) => {
    const { caller } = summarize(alert);
    if (!caller.id) throw new Refusal(t`Azure's log has no object ID for ${plainLine(caller.name, 80)}.`);
    return [{ id: caller.id.toLowerCase(), name: plainLine(caller.name, 80) }];
  },
  fits: ({ alert }) => Boolean(summarize(alert).caller.id),
  undo: {
    id: 'enable_caller',
    label: ({ alert }) => t`Enable ${callerName(alert, 40)}…`,
    order: 301,
    sameRightAs: 'disable_caller',
    confirm: {
      title: ({ alert }) => t`Enable ${callerName(alert, 40)}?`,
      text: phrase('Enables the account or application again. They must sign in again.'),
      yes: phrase('Enable'),
    },
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'Application.ReadWrite.All'],
  },
});
