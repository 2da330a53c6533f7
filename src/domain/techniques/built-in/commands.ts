import { phrase } from '../../text/translate';
import { runCommandScript } from '../stored-script';
import type { StoredResource, Technique } from '../technique';
import { arc, arcVersion, cluster, computeVersion, instance, labMachine, vm } from './machine-types';

const runCommandOf = (machine: string, apiVersion = computeVersion): StoredResource => ({
  type: `${machine}/runCommands`,
  apiVersion,
  expand: 'instanceView',
  read: runCommandScript,
});

/**
 * Shows the scripts of action run commands on the machine. Sources: Azure/run-command-extension-linux (its download
 * folder), and published forensics notes on the RunCommandWindows extension's Downloads folder.
 */
function showRunCommands(os: string | null): string {
  const linux = 'sudo sh -c "tail -n +1 /var/lib/waagent/run-command/download/*/script.sh"';
  const windows =
    'Get-Content C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows\\*\\Downloads\\script*.ps1';
  return os === 'Linux' ? linux : os === 'Windows' ? windows : `Linux: ${linux} · Windows: ${windows}`;
}

const diagnosticCommands = [
  'Microsoft.Compute/virtualMachines/diagnosticRunCommand/action',
  'Microsoft.Compute/virtualMachines/diagnosticRunCommands/write',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommand/action',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommands/write',
];

const sshAccess = [
  'Microsoft.HybridConnectivity/endpoints/listCredentials/action',
  'Microsoft.HybridConnectivity/endpoints/serviceConfigurations/write',
];

/** Commands and sessions. MITRE ATT&CK: T1651 Cloud Administration Command; T1021.008 Direct Cloud VM Connections. */
export const commands: readonly Technique[] = [
  {
    id: 'run-command',
    title: phrase('Run command'),
    verb: phrase('ran a command'),
    infinitive: phrase('run a command'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [vm],
    script: { where: 'machine', command: showRunCommands },
    operations: ['Microsoft.Compute/virtualMachines/runCommand/action'],
  },
  {
    id: 'diagnostic-run-command',
    title: phrase('Diagnostic run command'),
    verb: phrase('ran a diagnostic command'),
    infinitive: phrase('run a diagnostic command'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [vm, instance],
    script: { where: 'unknown' },
    operations: diagnosticCommands,
    unconfirmed: diagnosticCommands,
  },
  {
    id: 'managed-run-command',
    title: phrase('Managed run command'),
    verb: phrase('ran a managed command'),
    infinitive: phrase('run a managed command'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [vm],
    script: { where: 'resource', resources: [runCommandOf(vm)] },
    operations: ['Microsoft.Compute/virtualMachines/runCommands/write'],
  },
  {
    id: 'vmss-run-command',
    title: phrase('Run command on a scale set'),
    verb: phrase('ran a command on a scale set instance'),
    infinitive: phrase('run a command on a scale set instance'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [instance],
    script: { where: 'resource', resources: [runCommandOf(instance)] },
    operations: [
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write',
    ],
  },
  {
    id: 'arc-run-command',
    title: phrase('Run command on an Arc server'),
    verb: phrase('ran a command on an Arc server'),
    infinitive: phrase('run a command on an Arc server'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [arc],
    script: { where: 'resource', resources: [runCommandOf(arc, arcVersion)] },
    operations: ['Microsoft.HybridCompute/machines/runCommands/write'],
    unconfirmed: ['Microsoft.HybridCompute/machines/runCommands/write'],
  },
  {
    id: 'aks-run-command',
    title: phrase('Run command on a cluster'),
    verb: phrase('ran a command in a Kubernetes cluster'),
    infinitive: phrase('run a command in a Kubernetes cluster'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [cluster],
    script: {
      where: 'machine',
      command: () => 'kubectl logs -n aks-command -l createdby=aks-command --tail=-1',
    },
    operations: ['Microsoft.ContainerService/managedClusters/runCommand/action'],
  },
  {
    id: 'serial-console',
    title: phrase('Serial console'),
    verb: phrase('connected to the serial console'),
    infinitive: phrase('connect to the serial console'),
    baseScore: 55,
    mitre: ['T1021.008'],
    targets: [vm, instance],
    script: { where: 'interactive' },
    operations: ['Microsoft.SerialConsole/serialPorts/connect/action'],
  },
  {
    id: 'arc-ssh',
    title: phrase('SSH to an Arc server'),
    verb: phrase('opened SSH access'),
    infinitive: phrase('open SSH access'),
    baseScore: 47,
    mitre: ['T1021.008'],
    targets: [arc],
    script: { where: 'interactive' },
    operations: sshAccess,
    unconfirmed: sshAccess,
  },
  {
    id: 'lab-artifact',
    title: phrase('Lab artifact'),
    verb: phrase('applied an artifact'),
    infinitive: phrase('apply an artifact'),
    baseScore: 47,
    mitre: ['T1651'],
    targets: [labMachine],
    script: { where: 'unknown' },
    operations: ['Microsoft.DevTestLab/labs/virtualMachines/applyArtifacts/action'],
    unconfirmed: ['Microsoft.DevTestLab/labs/virtualMachines/applyArtifacts/action'],
  },
];
