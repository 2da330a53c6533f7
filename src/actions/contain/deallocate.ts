import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import { machineSubjects } from '../measures/measure-record';
import { isScaleSetInstance, isVirtualMachine, targetWords, theMachine } from '../targets';

/** Stops and deallocates a machine or a scale set instance. Undo starts it. */
defineMeasureAction<{ machineId: string; name: string }>({
  id: 'deallocate',
  group: 'contain',
  label: (view) => t`Stop ${targetWords(view)}…`,
  order: 270,
  style: 'danger',
  confirm: {
    title: (view) => t`Stop ${targetWords(view)}?`,
    text: phrase(
      'Stops and deallocates it: nothing runs, and nobody can reach it, not even with a run command. Memory and temporary disks are lost, and a dynamic public IP may change. Start undoes it.',
    ),
    yes: phrase('Stop'),
  },
  permissions: [
    'Microsoft.Compute/virtualMachines/read',
    'Microsoft.Compute/virtualMachines/deallocate/action',
    'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/deallocate/action',
  ],
  kind: {
    kind: 'power',
    name: phrase('Stop the machine'),
    undoName: phrase('Start the machine'),
    needsUnlocked: true,
    subjects: machineSubjects,
    prepare: async ({ id, name }) => ({ machineId: id, name }),
    steps: ({ machineId, name }) => [
      { words: t`stop and deallocate ${name}`, run: ({ azure }) => azure.deallocate(machineId) },
    ],
    says: ({ name }) => t`${name} is stopped and deallocated. Memory is lost.`,
    undo: {
      steps: ({ machineId, name }) => [
        { words: t`start ${name}`, run: ({ azure }) => azure.startMachine(machineId) },
      ],
      says: ({ name }) => t`${name} was started again.`,
    },
    drift: async ({ machineId, name }, { azure }) => {
      if (/virtualMachineScaleSets/i.test(machineId)) return null;
      const { power } = await azure.readMachine(machineId);
      return power === 'running' || power === 'starting' ? t`${name} was started` : null;
    },
  },
  targets: theMachine,
  fits: (view) => isVirtualMachine(view) || isScaleSetInstance(view),
  undo: {
    id: 'start_machine',
    label: (view) => t`Start ${targetWords(view)}…`,
    order: 271,
    sameRightAs: 'deallocate',
    confirm: {
      title: (view) => t`Start ${targetWords(view)}?`,
      text: phrase('Starts the machine again.'),
      yes: phrase('Start'),
    },
    permissions: [
      'Microsoft.Compute/virtualMachines/start/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/start/action',
    ],
  },
});
