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
  name: 'Lock',
  undoName: 'Unlock',
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
      words: 'put a ReadOnly lock on it',
      run: ({ azure }) => azure.lock(scope, name, 'ReadOnly', notes),
    },
  ],
  says: () => 'Locked read-only: no run commands or other changes. Running processes continue.',
  undo: {
    steps: ({ scope, name }) => [{ words: 'remove the lock', run: ({ azure }) => azure.unlock(scope, name) }],
    says: () => 'Unlocked: changes are allowed again.',
  },
  drift: async ({ scope, name }, { azure }) =>
    (await azure.hasLock(scope, name)) ? null : 'someone removed the lock',
};

const permissions = [
  'Microsoft.Authorization/locks/read',
  'Microsoft.Authorization/locks/write',
  'Microsoft.Authorization/locks/delete',
] as const;

defineMeasureAction({
  id: 'lock',
  group: 'contain',
  label: 'Lock VM…',
  order: 160,
  often: true,
  confirm: {
    text: 'A ReadOnly lock rejects every change and run command from anyone who can’t delete locks. It doesn’t stop running processes.',
    yes: 'Lock',
  },
  permissions,
  kind: lock,
  targets: theMachine,
  fits: isOneMachine,
  undo: {
    id: 'unlock',
    label: 'Unlock VM…',
    order: 150,
    often: true,
    confirm: { text: 'Removes the lock that Runwatch created.', yes: 'Unlock' },
    permissions,
  },
});
