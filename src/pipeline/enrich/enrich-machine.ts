import { unlessThrottled } from '../../azure/connection/azure-error';
import { accessPathsFor, alsoCan } from '../../domain/access/resolve-access';
import { summarize } from '../../domain/alerts/alert';
import type { MachineFacts } from '../../domain/alerts/facts';
import { environmentOf } from '../../domain/resources/environment';
import { depthOf } from '../../domain/resources/parse-scope';
import { is, type Target } from '../../domain/resources/resource-id';
import { scopeLabel } from '../../domain/resources/scope-label';
import { phrase, t } from '../../domain/text/translate';
import type { EnrichDeps, Part } from './enrichment-part';
import { readEach } from './read-each';

/** Each machine of the alert, its exposure and locks, and what its managed identity can do. */
export const machine: Part = {
  what: phrase('the machine'),
  endsInTime: true,
  ask: async (alert, deps, late) => {
    const targets = new Map(alert.executions.map(({ target }) => [target.id.toLowerCase(), target]));
    const asked = [...targets.values()].filter(
      ({ id, type }) =>
        is(type, 'Microsoft.Compute/virtualMachines') &&
        (targets.size === 1 || !alert.facts.machines?.[id.toLowerCase()]),
    );
    const began = Date.parse(summarize(alert).startedAt);
    const { answers, missing } = await readEach(
      machine.what,
      asked,
      (target) => factsOfMachine(target, began, deps),
      late,
    );
    const machines = Object.fromEntries(answers.map(([{ id }, facts]) => [id.toLowerCase(), facts]));
    return { ...(answers.length > 0 ? { machines } : {}), missing };
  },
};

async function factsOfMachine(target: Target, notBefore: number, deps: EnrichDeps): Promise<MachineFacts> {
  const { azure, policy } = deps;
  const vm = await azure.machineNow(target.id);
  const [exposure, locks, identityCan] = await Promise.all([
    azure.exposureNow(vm.interfaceIds).catch(unlessThrottled(null)),
    azure.locksOn(target.id).catch(unlessThrottled([])),
    identityPermissions(vm.identities, target.subscriptionId, notBefore, deps).catch(unlessThrottled([])),
  ]);
  return {
    os: vm.os,
    power: vm.power,
    agent: vm.agent,
    tags: vm.tags,
    environment: environmentOf(vm.tags, target.subscriptionId, policy.environments),
    publicIps: exposure?.publicIps ?? [],
    openPorts: exposure?.openPorts ?? null,
    encryption: vm.encryption,
    locks: locks.map((lock) => `${lock.level} ${lock.name}`),
    identityCan,
    identities: vm.identities,
  };
}

async function identityPermissions(
  identities: readonly string[],
  subscriptionId: string,
  notBefore: number,
  { azure }: EnrichDeps,
): Promise<string[]> {
  const definitions = await azure.roleDefinitions(`/subscriptions/${subscriptionId}`);
  const all = await Promise.all(identities.map((id) => azure.assignmentsOf(id, subscriptionId, notBefore)));
  const assignments = all.flat();
  const action = 'Microsoft.Compute/virtualMachines/runCommand/action';
  const commands = assignments.flatMap(
    (assignment) =>
      accessPathsFor({ action, scope: assignment.scope, principals: null }, [assignment], definitions).ways,
  );
  const widest = commands.sort((a, b) => depthOf(a.assignment.scope) - depthOf(b.assignment.scope))[0];
  const run = widest
    ? [t`run commands on machines (${widest.role.name} at ${scopeLabel(widest.assignment.scope)})`]
    : [];
  return [...run, ...alsoCan(assignments, definitions).map(({ text }) => text)];
}
