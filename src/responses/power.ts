import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { reversible } from './reversible';

interface Before {
  machineId: string;
  name: string;
}
const machineOf: (alert: Parameters<typeof summarize>[0]) => Before = (alert) => {
  const { target } = summarize(alert);
  return { machineId: target.id, name: plainLine(target.name, 80) };
};

/** Ends every session and process. Asked twice for one press only if we died between Azure's answer and our note. */
export const [restart] = reversible<Before>({
  action: 'restart',
  prepare: async (alert) => machineOf(alert),
  steps: ({ machineId, name }) => [
    { words: `restart ${name}`, run: (_, { azure }) => azure.restart(machineId) },
  ],
  says: ({ name }) => `${name} was restarted: sessions that were open have ended. Memory is lost.`,
});

/** Stops a machine, or an instance of a scale set, and frees what it ran on; start undoes it. */
export const [deallocate, startMachine] = reversible<Before>({
  action: 'deallocate',
  prepare: async (alert) => machineOf(alert),
  steps: ({ machineId, name }) => [
    { words: `stop and deallocate ${name}`, run: (_, { azure }) => azure.deallocate(machineId) },
  ],
  says: ({ name }) => `${name} is stopped and deallocated: nothing runs on it. Memory is lost.`,
  undo: {
    action: 'start_machine',
    steps: ({ machineId, name }) => [
      { words: `start ${name}`, run: (_, { azure }) => azure.startMachine(machineId) },
    ],
    says: ({ name }) => `${name} was started again.`,
  },
});
