import { summarize } from '../alert';
import { type Declaration, isInstance, isMachine, oneMachine, whileDone } from './declaration';

const power = ['Microsoft.Compute/virtualMachines/read'];

/** What is done to the machine itself: its power, its disks, what was left on it. */
export const machineDeclarations: readonly Declaration[] = [
  {
    action: 'snapshot',
    label: 'Snapshot…',
    asks: 'Takes an incremental snapshot of every disk, tagged and locked against deletion. It does not keep memory.',
    yes: 'Snapshot',
    often: true,
    permissions: [
      ...power,
      'Microsoft.Compute/disks/read',
      'Microsoft.Compute/disks/beginGetAccess/action',
      'Microsoft.Compute/snapshots/read',
      'Microsoft.Compute/snapshots/write',
      'Microsoft.Authorization/locks/write',
    ],
    fits: (alert) => {
      const { snapshots } = alert.measures;
      return oneMachine(alert) && !(snapshots?.length && snapshots.every((one) => one.done));
    },
  },
  {
    action: 'restart',
    label: 'Restart…',
    asks: 'Ends every open session and what runs now. Memory is lost, and with it evidence: take a snapshot first. A script that starts by itself starts again.',
    yes: 'Restart',
    danger: true,
    again: true,
    permissions: [...power, 'Microsoft.Compute/virtualMachines/restart/action'],
    fits: isMachine,
  },
  {
    action: 'deallocate',
    label: 'Stop the machine…',
    asks: 'Stops and deallocates it: nothing runs on it and nobody reaches it, run command neither. Memory and temporary disks are lost, a dynamic public address may change. Start undoes it.',
    yes: 'Stop',
    danger: true,
    permissions: [
      ...power,
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/deallocate/action',
    ],
    fits: (alert) => isMachine(alert) || isInstance(alert),
  },
  {
    action: 'start_machine',
    label: 'Start the machine',
    asks: 'Starts it again, as it was stopped.',
    yes: 'Start',
    undoes: 'deallocate',
    permissions: [
      'Microsoft.Compute/virtualMachines/start/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/start/action',
    ],
    fits: whileDone('deallocate'),
  },
  {
    action: 'clean_up',
    label: 'Clean up…',
    asks: 'Removes the managed run command or the extension that was put on the machine: a run command that still runs is cancelled. What it did is not undone, and it can’t be put back by Runwatch: protected settings can’t be read.',
    yes: 'Remove it',
    danger: true,
    permissions: [
      'Microsoft.Compute/virtualMachines/runCommands/read',
      'Microsoft.Compute/virtualMachines/runCommands/delete',
      'Microsoft.Compute/virtualMachines/extensions/read',
      'Microsoft.Compute/virtualMachines/extensions/delete',
      'Microsoft.Compute/virtualMachineScaleSets/extensions/read',
      'Microsoft.Compute/virtualMachineScaleSets/extensions/delete',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/read',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/delete',
      'Microsoft.HybridCompute/machines/runCommands/read',
      'Microsoft.HybridCompute/machines/runCommands/delete',
      'Microsoft.HybridCompute/machines/extensions/read',
      'Microsoft.HybridCompute/machines/extensions/delete',
    ],
    fits: (alert) =>
      ['managed-run-command', 'vm-extension', 'arc-run-command'].includes(summarize(alert).technique.id) &&
      oneMachine(alert),
  },
  {
    action: 'restore',
    label: 'Restore the disk…',
    asks: 'Makes new disks from a snapshot or a restore point, stops the machine, swaps the disks and starts it. What was written since is on the old disks, which are kept. A second, different responder must press it too.',
    yes: 'Restore',
    danger: true,
    fourEyes: true,
    fields: [
      {
        id: 'snapshot',
        label: 'Snapshot or restore point',
        hint: 'Its name or id; the newest from before the execution when empty',
      },
      {
        id: 'disks',
        label: 'Disks',
        choices: [
          { value: 'system', label: 'The system disk; data disks stay as they are' },
          { value: 'all', label: 'The data disks too' },
        ],
      },
    ],
    permissions: [
      ...power,
      'Microsoft.Compute/snapshots/read',
      'Microsoft.Compute/restorePointCollections/read',
      'Microsoft.Compute/restorePointCollections/restorePoints/read',
      'Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read',
      'Microsoft.Compute/disks/read',
      'Microsoft.Compute/disks/write',
      'Microsoft.Compute/virtualMachines/write',
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachines/start/action',
    ],
    fits: isMachine,
  },
  {
    action: 'restore_old_disk',
    label: 'Back to the old disks',
    asks: 'Stops the machine, swaps the old disks back in and starts it. The new ones are kept.',
    yes: 'Swap back',
    undoes: 'restore',
    permissions: [
      'Microsoft.Compute/virtualMachines/write',
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachines/start/action',
    ],
    fits: whileDone('restore'),
  },
];
