/** A way to run code on compute through Azure's control plane. */
export interface Technique {
  id: TechniqueId;
  /** As a title: "Run command on vm-pay-01". */
  title: string;
  /** As a sentence: "dana ran a command as root". */
  verb: string;
  /**
   * Starting score. Elastic's rule gives run command 47; techniques that leave more or less evidence differ.
   */
  baseScore: number;
  mitre: string[];
  /**
   * Where the script is: only on the machine, in a resource, in its settings, interactive (none), or
   * unknown.
   */
  script: 'not-logged' | 'resource' | 'settings' | 'interactive' | 'unknown';
  /** Operation names in Azure's documented case. */
  operations: string[];
}

/** A built-in technique, or a custom one from RUNWATCH_CONFIG. */
export type TechniqueId = string;

/** MITRE ATT&CK: T1651 Cloud Administration Command; T1021.008 Direct Cloud VM Connections. */
const builtIn: readonly Technique[] = [
  {
    id: 'run-command',
    title: 'Run command',
    verb: 'ran a command',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'not-logged',
    operations: ['Microsoft.Compute/virtualMachines/runCommand/action'],
  },
  {
    id: 'diagnostic-run-command',
    title: 'Diagnostic run command',
    verb: 'ran a diagnostic command',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'unknown',
    operations: [
      'Microsoft.Compute/virtualMachines/diagnosticRunCommand/action',
      'Microsoft.Compute/virtualMachines/diagnosticRunCommands/write',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommand/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/diagnosticRunCommands/write',
    ],
  },
  {
    id: 'managed-run-command',
    title: 'Managed run command',
    verb: 'ran a managed command',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'resource',
    operations: ['Microsoft.Compute/virtualMachines/runCommands/write'],
  },
  {
    id: 'vmss-run-command',
    title: 'Run command on a scale set',
    verb: 'ran a command on a scale set instance',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'resource',
    operations: [
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write',
    ],
  },
  {
    id: 'arc-run-command',
    title: 'Run command on an Arc server',
    verb: 'ran a command on an Arc server',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'resource',
    operations: ['Microsoft.HybridCompute/machines/runCommands/write'],
  },
  {
    id: 'vm-extension',
    title: 'Extension',
    verb: 'installed or changed an extension',
    baseScore: 40,
    mitre: ['T1651'],
    script: 'settings',
    operations: [
      'Microsoft.Compute/virtualMachines/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/extensions/write',
      'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write',
      'Microsoft.HybridCompute/machines/extensions/write',
    ],
  },
  {
    id: 'aks-run-command',
    title: 'Run command on a cluster',
    verb: 'ran a command in a Kubernetes cluster',
    baseScore: 47,
    mitre: ['T1651'],
    script: 'not-logged',
    operations: ['Microsoft.ContainerService/managedClusters/runCommand/action'],
  },
  {
    id: 'serial-console',
    title: 'Serial console',
    verb: 'connected to the serial console',
    baseScore: 55,
    mitre: ['T1021.008'],
    script: 'interactive',
    operations: ['Microsoft.SerialConsole/serialPorts/connect/action'],
  },
];

const byId = new Map<string, Technique>();
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
}

for (const technique of builtIn) defineTechnique(technique);

const builtInIds = new Set(builtIn.map(({ id }) => id));

export const isBuiltIn = (id: string): boolean => builtInIds.has(id);

export const allTechniques = (): readonly Technique[] => [...byId.values()];

export const isTechnique = (id: string): boolean => byId.has(id);

/**
 * The technique of an operation, with the operation's documented letter case; null if the operation runs no
 * code.
 */
export function detectTechnique(operation: string): { technique: Technique; operation: string } | null {
  return byOperation.get(operation.toLowerCase()) ?? null;
}

/** Falls back to a generic technique, because stored alerts may use one that is no longer configured. */
export const techniqueOf = (id: TechniqueId): Technique =>
  byId.get(id) ?? {
    id,
    title: id,
    verb: 'ran code',
    baseScore: 47,
    mitre: [],
    script: 'unknown',
    operations: [],
  };

/** The resource providers to query one by one when a subscription is too busy to read completely. */
export const techniqueProviders = (): string[] => [
  ...new Set(allTechniques().flatMap((t) => t.operations.map((operation) => operation.split('/')[0] ?? ''))),
];
