/** A way to run code on compute through Azure's control plane. */
export interface Technique {
  id: TechniqueId;
  /** As a title: "Run command on vm-pay-01". */
  title: string;
  /** As a sentence: "dana ran a command as root". */
  verb: string;
  /** Points it begins with: Elastic's rule gives 47 to run command; what leaves less or more behind differs. */
  baseScore: number;
  mitre: string[];
  /** Does the activity log or the API hold the script? */
  script: 'not-logged' | 'resource' | 'settings' | 'interactive';
  /** Operation names in Azure's documented case. */
  operations: string[];
}

export type TechniqueId =
  | 'run-command'
  | 'managed-run-command'
  | 'vmss-run-command'
  | 'arc-run-command'
  | 'vm-extension'
  | 'aks-run-command'
  | 'serial-console';

/** MITRE ATT&CK: T1651 Cloud Administration Command; T1021.008 Direct Cloud VM Connections. */
export const techniques: readonly Technique[] = [
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

const byOperation = new Map(
  techniques.flatMap((technique) =>
    technique.operations.map((operation) => [operation.toLowerCase(), { technique, operation }] as const),
  ),
);

/** The technique behind an operation, with the operation's name in its documented case; null when it runs no code. */
export function detectTechnique(operation: string): { technique: Technique; operation: string } | null {
  return byOperation.get(operation.toLowerCase()) ?? null;
}

const byId = new Map(techniques.map((technique) => [technique.id, technique]));

export function techniqueOf(id: TechniqueId): Technique {
  const technique = byId.get(id);
  if (!technique) throw new Error(`No technique is called ${id}`);
  return technique;
}

/** The resource providers to ask for, one query each, where a subscription is too busy to read whole. */
export const techniqueProviders = [
  ...new Set(techniques.flatMap((t) => t.operations.map((operation) => operation.split('/')[0] ?? ''))),
];
