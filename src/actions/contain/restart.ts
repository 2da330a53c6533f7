import { defineMeasureAction } from '../measures/measure-action';
import { machineSubjects } from '../measures/measure-record';
import { isVirtualMachine, targetWords, theMachine } from '../targets';

/** Ends every session and process. Azure would repeat the restart, so no press requests it twice. */
defineMeasureAction<{ machineId: string; name: string }>({
  id: 'restart',
  group: 'contain',
  label: (view) => `Restart ${targetWords(view)}…`,
  order: 260,
  style: 'danger',
  confirm: {
    text: 'Ends every open session and running process. Memory evidence is lost; a disk snapshot doesn’t preserve it. Scripts that run at startup start again.',
    yes: 'Restart',
  },
  permissions: ['Microsoft.Compute/virtualMachines/read', 'Microsoft.Compute/virtualMachines/restart/action'],
  kind: {
    kind: 'restart',
    name: 'Restart',
    passes: true,
    again: true,
    needsUnlocked: true,
    subjects: machineSubjects,
    prepare: async ({ id, name }) => ({ machineId: id, name }),
    steps: ({ machineId, name }) => [
      { words: `restart ${name}`, once: true, run: ({ azure }) => azure.restart(machineId) },
    ],
    says: ({ name }) => `${name} was restarted. Open sessions have ended, and memory is lost.`,
  },
  targets: theMachine,
  fits: isVirtualMachine,
});
