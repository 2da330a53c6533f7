import { allTechniques, detectTechnique } from './catalogue';
import type { Technique, TechniqueId } from './technique';

/** The techniques that RUNWATCH_CONFIG turns on (true) or off (false), by id. The others have their defaults. */
export type Detections = Readonly<Record<TechniqueId, boolean>>;

/** When an operation is alerted on. `confirmed`: once a check confirms that it ran code on a machine. */
export type Alerting = 'always' | 'confirmed' | 'never';

export function alertingOf(operation: string, chosen: Detections): Alerting {
  const detected = detectTechnique(operation);
  return detected ? alertingIn(detected.technique, detected.operation, chosen) : 'never';
}

/** @param operation one of the technique's, in its documented case */
function alertingIn({ id, check, offByDefault }: Technique, operation: string, chosen: Detections): Alerting {
  if (check?.operations.includes(operation)) {
    if (check.waived && chosen[id]) return 'always';
    return [id, ...(check.orElse ?? [])].some((each) => isOn(each, chosen)) ? 'confirmed' : 'never';
  }
  const isOff = offByDefault === 'all' || offByDefault?.includes(operation);
  return (chosen[id] ?? !isOff) ? 'always' : 'never';
}

/** Whether a technique is alerted on, in part at least. */
export function isOn(id: TechniqueId, chosen: Detections): boolean {
  const technique = allTechniques().find((each) => each.id === id);
  return chosen[id] ?? (technique !== undefined && technique.offByDefault !== 'all');
}

/** The operations of a technique that are not alerted on. */
export const operationsOff = (technique: Technique, chosen: Detections): string[] =>
  technique.operations.filter((operation) => alertingIn(technique, operation, chosen) === 'never');

/** The operations that are alerted on, those to be confirmed among them. */
export const alertedOperations = (chosen: Detections): string[] =>
  allTechniques().flatMap((technique) =>
    technique.operations.filter((operation) => alertingIn(technique, operation, chosen) !== 'never'),
  );

/**
 * The resource providers to query one by one when a subscription is too busy to read completely: those of the
 * operations that are alerted on, and of those that timelines always have.
 */
export function providersRead(chosen: Detections): string[] {
  const inTimelines = allTechniques().flatMap(({ timelineOnly, operations }) =>
    timelineOnly ? operations : [],
  );
  const read = [...alertedOperations(chosen), ...inTimelines];
  return [...new Set(read.map((operation) => operation.split('/')[0] ?? ''))];
}
