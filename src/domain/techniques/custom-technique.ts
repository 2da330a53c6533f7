import { z } from 'zod';
import { normalize } from '../activity/read-record';
import { detectTechnique, isReserved, replaceTechniques } from './catalogue';
import type { Technique } from './technique';

const operation = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z][\w-]*(\.[\w-]+)+(\/[\w-]+)+\/(read|write|delete|action)$/,
    'an operation such as Microsoft.Compute/virtualMachines/runCommand/action',
  );

/** An operation's name, or an activity log record in any shape that `replay` reads. */
const example = z.union([z.string().max(200), z.record(z.string(), z.unknown())]);

/** A custom technique from RUNWATCH_CONFIG. */
export const customTechniqueSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{2,40}$/, 'lower-case letters, digits and dashes'),
  title: z.string().min(1).max(60),
  verb: z.string().min(1).max(80),
  /** After "tried to"; by default "run code". */
  infinitive: z.string().min(1).max(80).optional(),
  score: z.number().int().min(0).max(100),
  mitre: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK technique such as T1651')).optional(),
  operations: z.array(operation).min(1).max(50),
  examples: z.strictObject({
    match: z.array(example).min(1),
    noMatch: z.array(example).min(1),
  }),
});
export type CustomTechnique = z.output<typeof customTechniqueSchema>;

/** The conflicts among the custom techniques and with built-in ones; empty if there are none. */
export function customTechniqueFaults(own: readonly CustomTechnique[]): string[] {
  const ownerOf = new Map<string, string>();
  return own.flatMap(({ id, operations }, index) => {
    const faults: string[] = [];
    if (isReserved(id))
      faults.push(`techniques.${index}.id: got ${id}, which is built in, expected another id`);
    if (own.findIndex((each) => each.id === id) < index)
      faults.push(`techniques.${index}.id: got ${id} twice, expected a unique id`);
    for (const operation of operations) {
      const detected = detectTechnique(operation)?.technique.id ?? '';
      const owner = isReserved(detected) ? detected : ownerOf.get(operation.toLowerCase());
      if (owner)
        faults.push(
          `techniques.${index}.operations: got ${operation}, which belongs to ${owner}, expected an operation of no other technique`,
        );
      ownerOf.set(operation.toLowerCase(), id);
    }
    return faults;
  });
}

/** Adds custom techniques to the catalogue. They go before built-in ones. Safe to repeat. */
export function addCustomTechniques(own: readonly CustomTechnique[] = []): void {
  for (const { id, title, verb, infinitive = 'run code', score, mitre = [], operations } of own) {
    const technique: Technique = {
      id,
      title,
      verb,
      infinitive,
      baseScore: score,
      mitre,
      targets: [],
      script: { where: 'unknown' },
      operations: [...operations],
    };
    replaceTechniques(technique);
  }
}

export interface ExampleResult {
  technique: string;
  example: string;
  /** Whether the example should match. */
  wanted: boolean;
  ok: boolean;
  /** What it matched, or why it could not be read. */
  got: string;
}

/** Runs each technique's examples against the whole catalogue. */
export function runExamples(own: readonly Pick<CustomTechnique, 'id' | 'examples'>[]): ExampleResult[] {
  return own.flatMap(({ id, examples }) => {
    const check = (wanted: boolean) => (given: CustomTechnique['examples']['match'][number]) => {
      const { matched, shown, fault } = detect(given);
      const ok = fault === null && (matched === id) === wanted;
      return { technique: id, example: shown, wanted, ok, got: fault ?? matched ?? 'nothing' };
    };
    return [...examples.match.map(check(true)), ...examples.noMatch.map(check(false))];
  });
}

function detect(given: string | Record<string, unknown>) {
  if (typeof given === 'string')
    return { matched: detectTechnique(given)?.technique.id ?? null, shown: given, fault: null };
  const result = normalize(given);
  if ('unreadable' in result) return { matched: null, shown: 'a record', fault: result.unreadable.reason };
  const { operation } = result.event;
  return { matched: detectTechnique(operation)?.technique.id ?? null, shown: operation, fault: null };
}
