import { machineSubjects } from '../carry-out';
import { defineMeasureAction } from '../measure-action';
import { isVirtualMachine, theMachine } from '../targets';

/** Ends every session and process. Azure restarts it again when asked again, so no press asks twice. */
defineMeasureAction<{ machineId: string; name: string }>({
  id: 'restart',
  group: 'contain',
  label: 'Restart…',
  order: 260,
  style: 'danger',
  confirm: {
    text: 'Ends every open session and what runs now. Memory is lost, and with it evidence: take a snapshot first. A script that starts by itself starts again.',
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
    says: ({ name }) => `${name} was restarted: sessions that were open have ended. Memory is lost.`,
  },
  targets: theMachine,
  fits: isVirtualMachine,
});
