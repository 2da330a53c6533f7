import type { Config } from '../config/config';
import { allTechniques, isBuiltIn } from '../domain/techniques/catalogue';
import { runExamples } from '../domain/techniques/custom-technique';
import { isOn, operationsOff } from '../domain/techniques/detections';
import type { Technique } from '../domain/techniques/technique';
import { plainLine } from '../domain/text/plain-text';
import { countOf } from './support/count';
import type { Output } from './support/output';
import { table } from './support/table';

/** Prints every technique, its operations, and whether it is on. */
export function listDetections(flags: { json?: boolean }, config: Config, output: Output): void {
  const rows = allTechniques().map((technique) => {
    const { id, title, baseScore, mitre, operations, check } = technique;
    return {
      id,
      title,
      score: baseScore,
      mitre,
      operations,
      on: isOn(id, config.detections),
      /** Not alerted on, also where the technique is on. */
      operationsOff: operationsOff(technique, config.detections),
      /** Alerted on only if the machine or the job shows that code runs on a machine. */
      operationsConfirmed: check && !(check.waived && config.detections[id]) ? check.operations : [],
      builtIn: isBuiltIn(id),
    };
  });
  if (flags.json) {
    for (const row of rows) output.out(JSON.stringify(row));
    return;
  }
  const cells = rows.map(({ id, on, score, builtIn, operations, operationsOff: off }) => [
    id,
    !on ? 'off' : off.length > 0 ? 'partly' : 'on',
    String(score),
    builtIn ? 'built in' : 'configured',
    operations
      .map((operation) => (on && off.includes(operation) ? `${operation} (off)` : operation))
      .join(', '),
  ]);
  for (const line of table([['ID', 'STATE', 'SCORE', 'FROM', 'OPERATIONS'], ...cells])) output.out(line);
}

/**
 * Checks that every operation of the built-in techniques is detected as exports write it, and the examples of the
 * techniques in RUNWATCH_CONFIG.
 * @returns the exit code: 1 if an example fails
 */
export function testDetections(flags: { json?: boolean }, config: Config, output: Output): number {
  const own = config.policy.techniques ?? [];
  const builtIn = allTechniques().filter(({ id }) => !own.some((each) => each.id === id));
  const results = runExamples([...builtIn.map(withExamples), ...own]).map((result) => ({
    ...result,
    on: isOn(result.technique, config.detections),
  }));
  for (const result of results) {
    if (flags.json) output.out(JSON.stringify(result));
    else {
      const { technique, example, wanted, ok, got, on } = result;
      const must = wanted ? 'must match' : 'must not match';
      output.out(
        `${ok ? 'ok' : 'FAIL'}  ${technique} (${on ? 'on' : 'off'}): ${plainLine(example)} ${must}${ok ? '' : `, matched ${plainLine(got)}`}`,
      );
    }
  }
  const failed = results.filter(({ ok }) => !ok).length;
  output.err(`${countOf(results.length - failed, results.length, 'example')} passed`);
  if (own.length === 0)
    output.err('no techniques are configured; add them under `techniques` in RUNWATCH_CONFIG');
  return failed > 0 ? 1 : 0;
}

const withExamples = ({ id, operations }: Technique) => ({
  id,
  examples: { match: operations.map((operation) => operation.toUpperCase()), noMatch: [] },
});
