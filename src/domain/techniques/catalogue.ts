import { phrase, translate } from '../text/translate';
import { extensionScript, runCommandScript } from './stored-script';
import type { StoredResource, Technique, TechniqueId } from './technique';

const vm = 'Microsoft.Compute/virtualMachines';
const scaleSet = 'Microsoft.Compute/virtualMachineScaleSets';
const instance = `${scaleSet}/virtualMachines`;
const arc = 'Microsoft.HybridCompute/machines';
const cluster = 'Microsoft.ContainerService/managedClusters';

const computeVersion = '2024-07-01';
const arcVersion = '2024-07-10';

const runCommandOf = (machine: string, apiVersion = computeVersion): StoredResource => ({
  type: `${machine}/runCommands`,
  apiVersion,
  read: runCommandScript,
});

const extensionOf = (machine: string, apiVersion = computeVersion): StoredResource => ({
  type: `${machine}/extensions`,
  apiVersion,
  read: extensionScript,
});

/**
 * Shows the scripts of action run commands on the machine. Sources: Azure/run-command-handler-linux (its download
 * folder), and published forensics notes on the RunCommandWindows extension's Downloads folder.
 */
function showRunCommands(os: string | null): string {
  const linux = 'sudo sh -c "tail -n +1 /var/lib/waagent/run-command/download/*/script.sh"';
  const windows =
    'Get-Content C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows\\*\\Downloads\\script*.ps1';
  return os === 'Linux' ? linux : os === 'Windows' ? windows : `Linux: ${linux} · Windows: ${windows}`;
}

/** MITRE ATT&CK: T1651 Cloud Administration Command; T1021.008 Direct Cloud VM Connections. */
const builtIn: readonly Technique[] = [
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
    operations: [
      'Microsoft.Compute/virtualMachines/diagnosticRunCommand/action',
      'Microsoft.Compute/virtualMachines/diagnosticRunCommands/write',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommand/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommands/write',
    ],
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
  },
  {
    id: 'vm-extension',
    title: phrase('Extension'),
    verb: phrase('installed or changed an extension'),
    infinitive: phrase('install or change an extension'),
    baseScore: 40,
    mitre: ['T1651'],
    targets: [vm, scaleSet, instance, arc],
    script: {
      where: 'resource',
      resources: [
        extensionOf(vm),
        extensionOf(scaleSet),
        extensionOf(instance),
        extensionOf(arc, arcVersion),
      ],
    },
    operations: [
      'Microsoft.Compute/virtualMachines/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write',
      'Microsoft.HybridCompute/machines/extensions/write',
    ],
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
];

const byId = new Map<string, Technique>();
/** ARM types that code can run on: the lowercase type and its documented case. */
const targetTypes = new Map<string, string>();
const byOperation = new Map<string, { technique: Technique; operation: string }>();

/**
 * Adds a technique, or replaces the one with the same id.
 * @throws {Error} if another technique has one of its operations
 */
export function defineTechnique(technique: Technique): void {
  for (const operation of technique.operations) {
    const known = byOperation.get(operation.toLowerCase())?.technique.id;
    if (known && known !== technique.id) throw new Error(`${operation} belongs to the technique ${known}`);
  }
  for (const operation of byId.get(technique.id)?.operations ?? [])
    byOperation.delete(operation.toLowerCase());
  byId.set(technique.id, technique);
  for (const operation of technique.operations)
    byOperation.set(operation.toLowerCase(), { technique, operation });
  targetTypes.clear();
  for (const type of [...byId.values()].flatMap(({ targets }) => targets))
    targetTypes.set(type.toLowerCase(), type);
}

for (const technique of builtIn) defineTechnique(technique);

const builtInIds = new Set(builtIn.map(({ id }) => id));

export const isBuiltIn = (id: string): boolean => builtInIds.has(id);

export const allTechniques = (): readonly Technique[] => [...byId.values()];

/** The documented case of an ARM type that code can run on; undefined for other types. */
export const targetType = (type: string): string | undefined => targetTypes.get(type.toLowerCase());

/** Every resource that keeps a script. */
export const storedResources = (): StoredResource[] =>
  allTechniques().flatMap(({ script }) => (script.where === 'resource' ? script.resources : []));

export const isTechnique = (id: string): boolean => byId.has(id);

/**
 * The technique of an operation, with the operation's documented letter case; null if the operation runs no
 * code.
 */
export function detectTechnique(operation: string): { technique: Technique; operation: string } | null {
  return byOperation.get(operation.toLowerCase()) ?? null;
}

/** Falls back to a generic technique, because stored alerts may use one that is no longer configured. */
export const techniqueOf = (id: TechniqueId): Technique => inLocale(byId.get(id) ?? unknownTechnique(id));

/** With the texts that people read in the locale's language. */
const inLocale = (technique: Technique): Technique => ({
  ...technique,
  title: translate(technique.title),
  verb: translate(technique.verb),
  infinitive: translate(technique.infinitive),
});

const unknownTechnique = (id: TechniqueId): Technique => ({
  id,
  title: id,
  verb: phrase('ran code'),
  infinitive: phrase('run code'),
  baseScore: 47,
  mitre: [],
  targets: [],
  script: { where: 'unknown' },
  operations: [],
});

/** The resource providers to query one by one when a subscription is too busy to read completely. */
export const techniqueProviders = (): string[] => [
  ...new Set(allTechniques().flatMap((t) => t.operations.map((operation) => operation.split('/')[0] ?? ''))),
];
