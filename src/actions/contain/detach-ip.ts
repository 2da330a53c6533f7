import { firstMachine } from '../../domain/alerts/join-facts';
import { Refusal } from '../../domain/alerts/transitions';
import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, Step } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { retryOnConflict } from '../retry-on-conflict';
import { isVirtualMachine, lastPart, targetWords, theMachine } from '../targets';

interface Detached {
  /** Public IP resource ids of each interface, by IP configuration name. */
  interfaces: { id: string; addresses: Record<string, string> }[];
}

/** Detaches public IPs from a machine's interfaces. Undo reattaches the same ones. */
const publicAddresses: MeasureKind<Detached> = {
  kind: 'public-ip',
  name: phrase('Detach public IP'),
  undoName: phrase('Reattach public IP'),
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
    if (interfaces.length === 0) throw new Refusal(t`The machine has no public IP of its own.`);
    return { interfaces };
  },
  steps: ({ interfaces }) =>
    interfaces.map(
      ({ id, addresses }): Step => ({
        words: t`detach ${Object.values(addresses).map(lastPart).join(', ')} from ${lastPart(id)}`,
        run: ({ azure }) =>
          retryOnConflict(async () => azure.setPublicAddresses(await azure.readInterface(id), {})),
      }),
    ),
  says: () => t`Its public IPs are detached.`,
  undo: {
    steps: ({ interfaces }) =>
      interfaces.map(
        ({ id, addresses }): Step => ({
          words: t`reattach ${Object.values(addresses).map(lastPart).join(', ')} to ${lastPart(id)}`,
          run: ({ azure }) =>
            retryOnConflict(async () => azure.setPublicAddresses(await azure.readInterface(id), addresses)),
        }),
      ),
    says: () => t`Its public IPs are reattached.`,
  },
  drift: async ({ interfaces }, { azure }) => {
    const all = await Promise.all(
      interfaces.map(async ({ id }) => azure.publicAddressesOf(await azure.readInterface(id))),
    );
    const attached = all.map(namesOfAddresses).filter(Boolean);
    return attached.length > 0 ? t`someone attached ${attached.join(', ')}` : null;
  },
};

const namesOfAddresses = (addresses: Record<string, string>) =>
  Object.values(addresses).map(lastPart).join(', ');

const writing = [
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkInterfaces/write',
  'Microsoft.Network/publicIPAddresses/join/action',
] as const;

defineMeasureAction({
  id: 'detach_ip',
  group: 'contain',
  label: phrase('Detach public IP…'),
  order: 250,
  confirm: {
    title: (view) => t`Detach IPs of ${targetWords(view)}?`,
    text: phrase(
      'Detaches the public IPs from its interfaces, so it can’t be reached directly from the internet. Traffic through load balancers and gateways, and its outbound connections, continue.',
    ),
    yes: phrase('Detach'),
  },
  permissions: ['Microsoft.Compute/virtualMachines/read', ...writing],
  kind: publicAddresses,
  targets: theMachine,
  fits: (view) => isVirtualMachine(view) && firstMachine(view.alert)?.publicIps.length !== 0,
  undo: {
    id: 'attach_ip',
    label: phrase('Reattach public IP…'),
    order: 251,
    sameRightAs: 'detach_ip',
    confirm: {
      title: (view) => t`Reattach IPs of ${targetWords(view)}?`,
      text: phrase('Reattaches the same public IPs to the same interfaces.'),
      yes: phrase('Attach'),
    },
    permissions: writing,
  },
});
