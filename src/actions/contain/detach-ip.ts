import { Refusal } from '../../domain/alerts/transitions';
import { machineSubjects } from '../carry-out';
import { defineMeasureAction } from '../measure-action';
import type { MeasureKind, Step } from '../measure-kind';
import { isVirtualMachine, lastPart, theMachine } from '../targets';
import { untilNobodyElseWrites } from '../until-nobody-else-writes';

interface Detached {
  /** Public addresses of each interface, by the name of its IP configuration. */
  interfaces: { id: string; addresses: Record<string, string> }[];
}

/** Takes public addresses off a machine's interfaces, and puts the same ones back. */
const publicAddresses: MeasureKind<Detached> = {
  kind: 'public-ip',
  name: 'Detach public address',
  undoName: 'Attach public address again',
  subjects: machineSubjects,
  prepare: async (target, _, { azure }) => {
    const machine = await azure.readMachine(target.id);
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
    interfaces.map(
      ({ id, addresses }): Step => ({
        words: `take ${Object.values(addresses).map(lastPart).join(', ')} off ${lastPart(id)}`,
        run: ({ azure }) =>
          untilNobodyElseWrites(async () => azure.setPublicAddresses(await azure.readInterface(id), {})),
      }),
    ),
  says: () => 'Its public addresses are detached.',
  undo: {
    steps: ({ interfaces }) =>
      interfaces.map(
        ({ id, addresses }): Step => ({
          words: `put ${Object.values(addresses).map(lastPart).join(', ')} back on ${lastPart(id)}`,
          run: ({ azure }) =>
            untilNobodyElseWrites(async () =>
              azure.setPublicAddresses(await azure.readInterface(id), addresses),
            ),
        }),
      ),
    says: () => 'Its public addresses are attached again.',
  },
  drift: async ({ interfaces }, { azure }) => {
    const all = await Promise.all(
      interfaces.map(async ({ id }) => azure.publicAddressesOf(await azure.readInterface(id))),
    );
    const attached = all.map(attachedTo).filter(Boolean);
    return attached.length > 0 ? `somebody attached ${attached.join(', ')}` : null;
  },
};

const attachedTo = (addresses: Record<string, string>) => Object.values(addresses).map(lastPart).join(', ');

const writing = [
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkInterfaces/write',
  'Microsoft.Network/publicIPAddresses/join/action',
] as const;

defineMeasureAction({
  id: 'detach_ip',
  group: 'contain',
  label: 'Detach public address…',
  order: 250,
  confirm: {
    text: 'Takes the public addresses off its interfaces: nobody reaches it from the internet directly. Load balancers, gateways and its own outgoing connections go on.',
    yes: 'Detach',
  },
  permissions: ['Microsoft.Compute/virtualMachines/read', ...writing],
  kind: publicAddresses,
  targets: theMachine,
  fits: (view) => isVirtualMachine(view) && view.alert.facts.machine?.publicIps.length !== 0,
  undo: {
    id: 'attach_ip',
    label: 'Attach public address again',
    order: 251,
    sameRightAs: 'detach_ip',
    confirm: { text: 'Puts the same addresses back where they were.', yes: 'Attach' },
    permissions: writing,
  },
});
