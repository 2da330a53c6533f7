import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { isOneMachine, theMachine } from '../targets';

interface Lock {
  scope: string;
  name: string;
  notes: string;
}

/** A ReadOnly lock on the machine. It rejects every write and POST, including run commands. */
const lock: MeasureKind<Lock> = {
  kind: 'lock',
  name: phrase('Lock'),
  undoName: phrase('Unlock'),
  subjects: machineSubjects,
  prepare: async (target, press, { linkTo }) => {
    const link = linkTo(press.alertId);
    return {
      scope: target.id,
      name: `runwatch-${press.alertId}`,
      notes: `Runwatch ${press.alertId}, by ${press.by.name.slice(0, 100)}${link ? `: ${link}` : ''}`,
    };
  },
  steps: ({ scope, name, notes }) => [
    {
      words: t`put a ReadOnly lock on it`,
      run: ({ azure }) => azure.lock(scope, name, 'ReadOnly', notes),
    },
  ],
  says: () => t`Locked read-only: no run commands or other changes. Running processes continue.`,
  undo: {
    steps: ({ scope, name }) => [
      { words: t`remove the lock`, run: ({ azure }) => azure.unlock(scope, name) },
    ],
    says: () => t`Unlocked: changes are allowed again.`,
  },
  drift: async ({ scope, name }, { azure }) =>
    (await azure.hasLock(scope, name)) ? null : t`someone removed the lock`,
};

const permissions = [
  'Microsoft.Authorization/locks/read',
  'Microsoft.Authorization/locks/write',
  'Microsoft.Authorization/locks/delete',
] as const;

defineMeasureAction({
  id: 'lock',
  group: 'contain',
  label: phrase('Lock VM…'),
  order: 160,
  often: true,
  confirm: {
    text: phrase(
      'A ReadOnly lock rejects every change and run command from anyone who can’t delete locks. It doesn’t stop running processes.',
    ),
    yes: phrase('Lock'),
  },
  permissions,
  kind: lock,
  targets: theMachine,
  fits: isOneMachine,
  undo: {
    id: 'unlock',
    label: phrase('Unlock VM…'),
    order: 150,
    often: true,
    confirm: { text: phrase('Removes the lock that Runwatch created.'), yes: phrase('Unlock') },
    permissions,
  },
});
