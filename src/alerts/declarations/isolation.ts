import { type Alert, summarize } from '../alert';
import { type Declaration, isMachine, oneMachine, whileDone } from './declaration';

const interfaces = [
  'Microsoft.Compute/virtualMachines/read',
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkInterfaces/write',
  'Microsoft.Network/networkSecurityGroups/read',
  'Microsoft.Network/networkSecurityGroups/write',
  'Microsoft.Network/networkSecurityGroups/join/action',
  'Microsoft.Network/virtualNetworks/subnets/join/action',
  'Microsoft.Network/publicIPAddresses/join/action',
] as const;

const locks = [
  'Microsoft.Authorization/locks/read',
  'Microsoft.Authorization/locks/write',
  'Microsoft.Authorization/locks/delete',
] as const;

const isCut = ({ isolation }: Alert) => isolation?.status === 'isolated' || isolation?.status === 'isolating';
const mayCut = (alert: Alert) =>
  (!isCut(alert) || alert.activity?.failed === true) && alert.isolation?.status !== 'releasing';
const isLocked = ({ measures }: Alert) => measures.lock?.status === 'locked';

/** What keeps others away from the machine. */
export const isolationDeclarations: readonly Declaration[] = [
  {
    action: 'isolate',
    label: (alert) => (oneMachine(alert) ? 'Isolate…' : 'Isolate all…'),
    asks: (alert) =>
      `${oneMachine(alert) ? '' : `On ${summarize(alert).machines} machines: `}Attaches a deny-all security group to every interface. It does not end sessions already open, and does not stop further run commands. Release puts back what was there.`,
    yes: 'Isolate',
    danger: true,
    often: true,
    permissions: interfaces,
    fits: mayCut,
  },
  {
    action: 'isolate_with',
    label: 'Isolate with more…',
    asks: 'Attaches a deny-all security group to every interface, and does what is ticked. Each part can be undone by itself, but for a restart.',
    yes: 'Isolate',
    danger: true,
    fields: [
      {
        id: 'also',
        label: 'Also',
        many: true,
        choices: [
          { value: 'lock', label: 'Lock it: no further run command' },
          { value: 'detach_ip', label: 'Detach its public addresses' },
          { value: 'restart', label: 'End open sessions by a restart: memory is lost' },
          { value: 'deallocate', label: 'Stop it: nothing runs, memory is lost' },
        ],
      },
      {
        id: 'keep',
        label: 'Keep reachable from',
        hint: 'An address or range for forensics, e.g. 203.0.113.0/28',
      },
    ],
    permissions: [],
    fits: (alert) => oneMachine(alert) && mayCut(alert),
  },
  {
    action: 'release',
    label: 'Release',
    asks: 'Puts back on every interface exactly the security group that was there before.',
    yes: 'Release',
    often: true,
    undoes: 'isolate',
    permissions: interfaces,
    fits: (alert) => isCut(alert) || alert.isolation?.status === 'releasing',
  },
  {
    action: 'lock',
    label: 'Lock…',
    asks: 'A ReadOnly lock refuses every change and every run command, for everyone who may not delete locks. It does not end what already runs.',
    yes: 'Lock',
    often: true,
    permissions: locks,
    fits: (alert) => oneMachine(alert) && !isLocked(alert),
  },
  {
    action: 'unlock',
    label: 'Unlock',
    asks: 'Removes the lock that this alert put on.',
    yes: 'Unlock',
    often: true,
    undoes: 'lock',
    permissions: locks,
    fits: (alert) => oneMachine(alert) && isLocked(alert),
  },
  {
    action: 'detach_ip',
    label: 'Detach public address…',
    asks: 'Takes the public addresses off its interfaces: nobody reaches it from the internet directly. Load balancers, gateways and its own outgoing connections go on.',
    yes: 'Detach',
    permissions: [
      'Microsoft.Compute/virtualMachines/read',
      'Microsoft.Network/networkInterfaces/read',
      'Microsoft.Network/networkInterfaces/write',
      'Microsoft.Network/publicIPAddresses/join/action',
    ],
    fits: (alert) => isMachine(alert) && alert.facts.machine?.publicIps.length !== 0,
  },
  {
    action: 'attach_ip',
    label: 'Attach public address again',
    asks: 'Puts the same addresses back where they were.',
    yes: 'Attach',
    undoes: 'detach_ip',
    permissions: [
      'Microsoft.Network/networkInterfaces/write',
      'Microsoft.Network/publicIPAddresses/join/action',
    ],
    fits: whileDone('detach_ip'),
  },
];
