import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { untilNobodyElseWrites } from './isolate';
import { reversible } from './reversible';

interface Before {
  /** Public addresses of each interface, by the name of its IP configuration. */
  interfaces: { id: string; addresses: Record<string, string> }[];
}

const nameOf = (id: string) => plainLine(id.split('/').at(-1), 80);

/** Takes public addresses off a machine's interfaces, and puts the same ones back. */
export const [detachIp, attachIp] = reversible<Before>({
  action: 'detach_ip',
  prepare: async (alert, _, { azure }) => {
    const machine = await azure.readMachine(summarize(alert).target.id);
    const all = await Promise.all(
      machine.interfaceIds.map(async (id) => ({
        id,
        addresses: azure.publicAddressesOf(await azure.readInterface(id)),
      })),
    );
    const interfaces = all.filter(({ addresses }) => Object.keys(addresses).length > 0);
    if (interfaces.length === 0) throw new Refusal('It has no public address of its own.');
    return { interfaces };
  },
  steps: ({ interfaces }) =>
    interfaces.map(({ id, addresses }) => ({
      words: `take ${Object.values(addresses).map(nameOf).join(', ')} off ${nameOf(id)}`,
      run: (_, { azure }) =>
        untilNobodyElseWrites(async () => azure.setPublicAddresses(await azure.readInterface(id), {})),
    })),
  says: () => 'Its public addresses are detached.',
  undo: {
    action: 'attach_ip',
    steps: ({ interfaces }) =>
      interfaces.map(({ id, addresses }) => ({
        words: `put ${Object.values(addresses).map(nameOf).join(', ')} back on ${nameOf(id)}`,
        run: (_, { azure }) =>
          untilNobodyElseWrites(async () =>
            azure.setPublicAddresses(await azure.readInterface(id), addresses),
          ),
      })),
    says: () => 'Its public addresses are attached again.',
  },
});
