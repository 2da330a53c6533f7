import type { ActionId } from './action-ids';
import { type Alert, summarize } from './alert';
import { isDone } from './deed';
import { plainLine } from './plain-text';
import { is } from './resource-id';

/**
 * What a response is called, does, does not stop and needs. Dialogs, `manifest azure-role` and `doctor` are computed from
 * these; the responses read them too, so nothing is written twice.
 */
export interface Declaration {
  action: ActionId;
  label: string;
  /** What it does and what it does not stop, asked before it is done. */
  asks: string;
  /** The word on the dialog's button. */
  yes: string;
  danger?: true;
  /** A second, different responder must press it too, unless RUNWATCH_CONFIG's `fourEyes` says otherwise. */
  fourEyes?: true;
  /** The action whose doing it takes back. */
  undoes?: ActionId;
  /** What may be filled in before it is done. */
  fields?: readonly { id: string; label: string; hint: string }[];
  /** Azure permissions, as ARM names them. */
  permissions: readonly string[];
  /** Microsoft Graph application permissions. */
  graph?: readonly string[];
  /** May it be pressed as the alert stands? Undos are offered while what they undo is done. */
  fits: (alert: Alert) => boolean;
}

const power = ['Microsoft.Compute/virtualMachines/read'];
const isMachine = (alert: Alert) => {
  const { machines, target } = summarize(alert);
  return machines === 1 && is(target.type, 'Microsoft.Compute/virtualMachines');
};
const isInstance = (alert: Alert) => {
  const { machines, target } = summarize(alert);
  return machines === 1 && /virtualMachineScaleSets\/virtualMachines$/i.test(target.type);
};
const always = () => true;
const technique = (alert: Alert) => summarize(alert).technique.id;

export const declarations: readonly Declaration[] = [
  {
    action: 'restart',
    label: 'Restart…',
    asks: 'Ends every open session and what runs now. Memory is lost, and with it evidence: take a snapshot first. A script that starts by itself starts again.',
    yes: 'Restart',
    danger: true,
    permissions: [...power, 'Microsoft.Compute/virtualMachines/restart/action'],
    fits: isMachine,
  },
  {
    action: 'deallocate',
    label: 'Stop the machine…',
    asks: 'Stops and deallocates it: nothing runs on it and nobody reaches it, run command neither. Memory and temporary disks are lost, a dynamic public address may change. Start undoes it.',
    yes: 'Stop',
    danger: true,
    permissions: [
      ...power,
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/deallocate/action',
    ],
    fits: (alert) => isMachine(alert) || isInstance(alert),
  },
  {
    action: 'start_machine',
    label: 'Start the machine',
    asks: 'Starts it again, as it was stopped.',
    yes: 'Start',
    undoes: 'deallocate',
    permissions: [
      'Microsoft.Compute/virtualMachines/start/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/start/action',
    ],
    fits: always,
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
    fits: always,
  },
  {
    action: 'remove_member',
    label: 'Remove from group…',
    asks: 'Takes the caller out of the group that the role comes through; nobody else loses it. Tokens already issued may work for an hour.',
    yes: 'Remove',
    danger: true,
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
    fits: ({ facts }) => Boolean(facts.access?.group),
  },
  {
    action: 'add_member',
    label: 'Put back into group',
    asks: 'Makes the caller a member of the same group again.',
    yes: 'Put back',
    undoes: 'remove_member',
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
    fits: always,
  },
  {
    action: 'end_activation',
    label: 'End PIM activation…',
    asks: 'Ends the activated role now instead of at its time. They stay eligible: without more they may activate it again.',
    yes: 'End it',
    danger: true,
    permissions: [
      'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
      'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
      'Microsoft.Authorization/roleAssignments/write',
    ],
    fits: ({ facts }) => Boolean(facts.access?.until),
  },
  {
    action: 'disable_caller',
    label: 'Disable the caller…',
    asks: 'Disables the account or application in Entra and revokes its sign-in sessions. Everything that it runs stops; access tokens already issued may work for an hour.',
    yes: 'Disable',
    danger: true,
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'User.RevokeSessions.All', 'Application.ReadWrite.All'],
    fits: (alert) => Boolean(summarize(alert).caller.id),
  },
  {
    action: 'enable_caller',
    label: 'Enable the caller again',
    asks: 'Enables the account or application again. Sessions must sign in anew.',
    yes: 'Enable',
    undoes: 'disable_caller',
    permissions: [],
    graph: ['User.EnableDisableAccount.All', 'Application.ReadWrite.All'],
    fits: always,
  },
  {
    action: 'clean_up',
    label: 'Clean up…',
    asks: 'Removes the managed run command or the extension that was put on the machine: a run command that still runs is cancelled. What it did is not undone, and it can’t be put back by Runwatch: protected settings can’t be read.',
    yes: 'Remove it',
    danger: true,
    permissions: [
      'Microsoft.Compute/virtualMachines/runCommands/read',
      'Microsoft.Compute/virtualMachines/runCommands/delete',
      'Microsoft.Compute/virtualMachines/extensions/read',
      'Microsoft.Compute/virtualMachines/extensions/delete',
      'Microsoft.HybridCompute/machines/runCommands/read',
      'Microsoft.HybridCompute/machines/runCommands/delete',
      'Microsoft.HybridCompute/machines/extensions/read',
      'Microsoft.HybridCompute/machines/extensions/delete',
    ],
    fits: (alert) =>
      ['managed-run-command', 'vm-extension', 'arc-run-command'].includes(technique(alert)) &&
      summarize(alert).machines === 1,
  },
  {
    action: 'restore',
    label: 'Restore the disk…',
    asks: 'Makes a new system disk from a snapshot, stops the machine, swaps the disks and starts it. What was written since is on the old disk, which is kept. Data disks stay as they are. A second, different responder must press it too.',
    yes: 'Restore',
    danger: true,
    fourEyes: true,
    fields: [
      {
        id: 'snapshot',
        label: 'Snapshot',
        hint: 'Its name or id; the newest from before the execution when empty',
      },
    ],
    permissions: [
      ...power,
      'Microsoft.Compute/snapshots/read',
      'Microsoft.Compute/disks/read',
      'Microsoft.Compute/disks/write',
      'Microsoft.Compute/virtualMachines/write',
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachines/start/action',
    ],
    fits: isMachine,
  },
  {
    action: 'restore_old_disk',
    label: 'Back to the old disk',
    asks: 'Stops the machine, swaps the old system disk back in and starts it. The new disk is kept.',
    yes: 'Swap back',
    undoes: 'restore',
    permissions: [
      'Microsoft.Compute/virtualMachines/write',
      'Microsoft.Compute/virtualMachines/deallocate/action',
      'Microsoft.Compute/virtualMachines/start/action',
    ],
    fits: always,
  },
];

export const declarationOf = (action: ActionId): Declaration => {
  const found = declarations.find((declaration) => declaration.action === action);
  if (!found) throw new Error(`${action} is not declared`);
  return found;
};

/** What may be pressed as the alert stands: what is not done, or the undo of what is. */
export const offered = (alert: Alert): Declaration[] =>
  declarations.filter((declaration) =>
    declaration.undoes
      ? isDone(alert, declaration.undoes)
      : declaration.fits(alert) && (declaration.action === 'restart' || !isDone(alert, declaration.action)),
  );

/** The machine's or the caller's name, for a dialog's title. */
export const titleOf = ({ label }: Declaration, alert: Alert): string =>
  `${label.replace('…', '')}: ${plainLine(summarize(alert).target.name, 60)}`;
