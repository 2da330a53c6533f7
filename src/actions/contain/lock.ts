import { machineSubjects } from '../carry-out';
import { defineMeasureAction } from '../measure-action';
import type { MeasureKind } from '../measure-kind';
import { isOneMachine, theMachine } from '../targets';

interface Lock {
  scope: string;
  name: string;
  notes: string;
}

/** A ReadOnly lock on the machine: it refuses every write and POST, run command among them. */
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
  says: () => 'Locked read-only: no further run command, nor any other change. What already runs goes on.',
  undo: {
    steps: ({ scope, name }) => [{ words: 'remove the lock', run: ({ azure }) => azure.unlock(scope, name) }],
    says: () => 'Unlocked: it may be changed again.',
  },
  drift: async ({ scope, name }, { azure }) =>
    (await azure.hasLock(scope, name)) ? null : 'somebody removed the lock',
};

const permissions = [
  'Microsoft.Authorization/locks/read',
  'Microsoft.Authorization/locks/write',
  'Microsoft.Authorization/locks/delete',
] as const;

defineMeasureAction({
  id: 'lock',
  group: 'contain',
  label: 'Lock…',
  order: 160,
  often: true,
  confirm: {
    text: 'A ReadOnly lock refuses every change and every run command, for everyone who may not delete locks. It does not end what already runs.',
    yes: 'Lock',
  },
  permissions,
  kind: lock,
  targets: theMachine,
  fits: isOneMachine,
  undo: {
    id: 'unlock',
    label: 'Unlock',
    order: 150,
    often: true,
    confirm: { text: 'Removes the lock that Runwatch put on.', yes: 'Unlock' },
    permissions,
  },
});
