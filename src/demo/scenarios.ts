import type { Tenant } from './tenant/tenant';
import { subscriptions, type World } from './world';

export const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';

/** A piece of the story: what happens in the tenant when it is played. */
export interface Scenario {
  name: string;
  says: string;
  play: (tenant: Tenant, world: World) => void;
}

const evidence = {
  role: 'Virtual Machine Contributor',
  roleAssignmentScope: `/subscriptions/${subscriptions.payments}`,
  roleAssignmentId: '4f0a9b1c2d3e4f5061728394a5b6c7d8',
  roleDefinitionId: '9980e02cc2be4d7394e8173b1dc7cf3c',
  principalId: 'cacfe77ce058471283c0f9b08849fd60',
  principalType: 'Group',
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'routine',
    says: 'A patch job runs a command on a web server, as it does every month',
    play: (tenant, { people, vms }) => {
      tenant.log({
        name: runCommand,
        resourceId: vms.web[0] ?? '',
        caller: people.patchBot,
        ip: '198.51.100.10',
        at: tenant.state.now() - 240_000,
        tookMs: 41_000,
      });
    },
  },
  {
    name: 'night',
    says: 'Somebody of support runs a command on a payment machine, after three refusals',
    play: (tenant, { people, vms }) => {
      const at = tenant.state.now() - 120_000;
      const ip = '203.0.113.24';
      tenant.log({
        name: runCommand,
        resourceId: vms.pay02,
        caller: people.dana,
        ip,
        at: at - 60_000,
        outcome: 'Forbidden',
      });
      tenant.log({
        name: runCommand,
        resourceId: vms.pay01,
        caller: people.dana,
        ip,
        at,
        tookMs: 32_000,
        evidence,
      });
    },
  },
  {
    name: 'storm',
    says: 'One account runs a command on every web server',
    play: (tenant, { people, vms }) => {
      const at = tenant.state.now() - 60_000;
      vms.web.forEach((resourceId, i) => {
        tenant.log({
          name: runCommand,
          resourceId,
          caller: people.lee,
          ip: '192.0.2.77',
          at: at + i * 500,
          tookMs: 9000,
          role: 'Owner',
        });
      });
    },
  },
];
