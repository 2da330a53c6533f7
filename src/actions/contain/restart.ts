import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import { machineSubjects } from '../measures/measure-record';
import { isVirtualMachine, targetWords, theMachine } from '../targets';

/** Ends every session and process. Azure would repeat the restart, so no press requests it twice. */
defineMeasureAction<{ machineId: string; name: string }>({
  id: 'restart',
  group: 'contain',
  label: (view) => t`Restart ${targetWords(view)}…`,
  order: 260,
  style: 'danger',
  confirm: {
    text: phrase(
      'Ends every open session and running process. Memory evidence is lost; a disk snapshot doesn’t preserve it. Scripts that run at startup start again.',
    ),
    yes: phrase('Restart'),
  },
  permissions: ['Microsoft.Compute/virtualMachines/read', 'Microsoft.Compute/virtualMachines/restart/action'],
  kind: {
    kind: 'restart',
    name: phrase('Restart'),
    passes: true,
    again: true,
    needsUnlocked: true,
    subjects: machineSubjects,
    prepare: async ({ id, name }) => ({ machineId: id, name }),
    steps: ({ machineId, name }) => [
      { words: t`restart ${name}`, once: true, run: ({ azure }) => azure.restart(machineId) },
    ],
    says: ({ name }) => t`${name} was restarted. Open sessions have ended, and memory is lost.`,
  },
  targets: theMachine,
  fits: isVirtualMachine,
});
