import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { reversible } from './reversible';

interface Before {
  id: string;
  name: string;
}

/** Removes the managed run command or extension that was put on the machine; one that runs is cancelled by that. */
export const [cleanUp] = reversible<Before>({
  action: 'clean_up',
  prepare: async (alert, _, { azure }) => {
    const id = summarize(alert).first.resourceId;
    if (!/\/(runCommands|extensions)\/[^/]+$/i.test(id))
      throw new Refusal('An action run command leaves nothing in Azure to remove.');
    if ((await azure.readLeftover(id)) === null) throw new Refusal('It is no longer on the machine.');
    return { id, name: plainLine(id.split('/').at(-1), 80) };
  },
  steps: ({ id, name }) => [{ words: `remove ${name}`, run: (_, { azure }) => azure.removeLeftover(id) }],
  says: ({ name }) => `${name} is removed from the machine. What it did is not undone.`,
});
