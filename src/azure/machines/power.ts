import { is, parseResourceId } from '../../domain/resources/resource-id';
import type { AzureClients } from '../connection/clients';
import { runOperation } from '../connection/long-operation';

/** Where a machine is: a standalone machine or an instance of a scale set. */
interface Place {
  subscriptionId: string;
  resourceGroup: string;
  name: string;
  /** The scale set's name; null for a standalone machine. */
  set: string | null;
}

/** Restarts, stops and starts machines. Each may be repeated. */
export function createPower(clients: AzureClients) {
  const machines = (place: Place) => clients.compute(place.subscriptionId).virtualMachines;
  const instances = (place: Place) => clients.compute(place.subscriptionId).virtualMachineScaleSetVMs;

  const restart = (id: string) =>
    runOperation('restarting', clients.operationMs, (abortSignal) =>
      machines(placeOf(id)).restart(placeOf(id).resourceGroup, placeOf(id).name, { abortSignal }),
    );

  const deallocate = (id: string) => {
    const place = placeOf(id);
    return runOperation<unknown>('stopping', clients.operationMs, (abortSignal) =>
      place.set
        ? instances(place).deallocate(place.resourceGroup, place.set, place.name, { abortSignal })
        : machines(place).deallocate(place.resourceGroup, place.name, { abortSignal }),
    );
  };

  const start = (id: string) => {
    const place = placeOf(id);
    return runOperation<unknown>('starting', clients.operationMs, (abortSignal) =>
      place.set
        ? instances(place).start(place.resourceGroup, place.set, place.name, { abortSignal })
        : machines(place).start(place.resourceGroup, place.name, { abortSignal }),
    );
  };

  return {
    restart,
    deallocate,
    startMachine: start,
  };
}

function placeOf(id: string): Place {
  const parsed = parseResourceId(id);
  const [first, second] = parsed?.chain ?? [];
  const set = is(first?.type ?? '', 'virtualMachineScaleSets') ? (first?.name ?? '') : null;
  return {
    subscriptionId: parsed?.subscriptionId ?? '',
    resourceGroup: parsed?.resourceGroup ?? '',
    name: (set ? second?.name : first?.name) ?? '',
    set,
  };
}
