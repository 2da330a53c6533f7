import { type Alert, summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import { is } from '../domain/resources/resource-id';
import { plainLine } from '../domain/text/plain-text';
import { counted } from '../domain/text/translate';
import type { Target } from './measures/measure-kind';

/** The machines that an alert is about, in order of their first execution. */
export const machinesOf = ({ alert }: AlertView): Target[] => [
  ...new Map(
    summarize(alert).executions.map(({ target }) => [
      target.id.toLowerCase(),
      { id: target.id, name: plainLine(target.name, 80) },
    ]),
  ).values(),
];

/** The alert's machine; empty if the alert has several. */
export const theMachine = (view: AlertView): Target[] => {
  const machines = machinesOf(view);
  return machines.length === 1 ? machines : [];
};

/** The machine's name, or how many there are. */
export function targetWords({ alert }: AlertView): string {
  const { target, machines } = summarize(alert);
  return machines > 1 ? counted(machines, '# machine', '# machines') : plainLine(target.name, 60);
}

export const isOneMachine = ({ alert }: AlertView): boolean => summarize(alert).machines === 1;

export const isVirtualMachine = (view: AlertView): boolean =>
  isOneMachine(view) && is(summarize(view.alert).target.type, 'Microsoft.Compute/virtualMachines');

export const isScaleSetInstance = (view: AlertView): boolean =>
  isOneMachine(view) && /virtualMachineScaleSets\/virtualMachines$/i.test(summarize(view.alert).target.type);

/** The resource type of one of the alert's machines. */
export const typeOf = (alert: Alert | null, machineId: string): string =>
  alert?.executions.find(({ target }) => is(target.id, machineId))?.target.type ?? '';

export const lastPart = (id: string): string => plainLine(id.split('/').at(-1), 80);
