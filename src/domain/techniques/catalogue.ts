import { phrase, translate } from '../text/translate';
import { commands } from './built-in/commands';
import { machineChanges } from './built-in/machine-changes';
import { services } from './built-in/services';
import type { StoredResource, Technique, TechniqueId } from './technique';

const builtIn: readonly Technique[] = [...commands, ...machineChanges, ...services];

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

/** Built in since version 0.1. Configurations may define the others themselves. */
const reservedIds = new Set([
  'run-command',
  'diagnostic-run-command',
  'managed-run-command',
  'vmss-run-command',
  'arc-run-command',
  'vm-extension',
  'aks-run-command',
  'serial-console',
]);

export const isReserved = (id: string): boolean => reservedIds.has(id);

/** Adds a technique that takes its id and its operations from any other. */
export function replaceTechniques(technique: Technique): void {
  const taken = new Set(technique.operations.map((operation) => operation.toLowerCase()));
  for (const other of allTechniques()) {
    const left = other.operations.filter((operation) => !taken.has(operation.toLowerCase()));
    if (other.id !== technique.id && left.length < other.operations.length)
      defineTechnique({ ...other, operations: left });
  }
  defineTechnique(technique);
}

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
