import type { Config } from '../config/config';
import { allTechniques, isBuiltIn } from '../domain/techniques/catalogue';
import { tryExamples } from '../domain/techniques/own-technique';
import { plainLine } from '../domain/text/plain-text';
import { type Output, table } from './support/output';

/** Prints every technique, with what it detects and whether it is on. */
export function listDetections(flags: { json?: boolean }, config: Config, output: Output): void {
  const rows = allTechniques().map(({ id, title, baseScore, mitre, operations }) => ({
    id,
    title,
    score: baseScore,
    mitre,
    operations,
    on: !config.techniquesOff.has(id),
    builtIn: isBuiltIn(id),
  }));
  if (flags.json) {
    for (const row of rows) output.out(JSON.stringify(row));
    return;
  }
  const cells = rows.map(({ id, on, score, builtIn, operations }) => [
    id,
    on ? 'on' : 'off',
    String(score),
    builtIn ? 'built in' : 'configured',
    operations.join(', '),
  ]);
  for (const line of table([['ID', 'STATE', 'SCORE', 'FROM', 'OPERATIONS'], ...cells])) output.out(line);
}

/**
 * Runs the examples of the techniques that RUNWATCH_CONFIG adds.
 * @returns the exit code: 1 when one of them is not as it says
 */
export function testDetections(flags: { json?: boolean }, config: Config, output: Output): number {
  const results = tryExamples(config.policy.techniques ?? []);
  for (const result of results) {
    if (flags.json) output.out(JSON.stringify(result));
    else {
      const { technique, example, wanted, ok, got } = result;
      const must = wanted ? 'must match' : 'must not match';
      output.out(
        `${ok ? 'ok' : 'FAIL'}  ${technique}: ${plainLine(example)} ${must}${ok ? '' : `, matched ${plainLine(got)}`}`,
      );
    }
  }
  const failed = results.filter(({ ok }) => !ok).length;
  output.err(
    results.length === 0
      ? 'no techniques are configured; add them under `techniques` in RUNWATCH_CONFIG'
      : `${results.length - failed} of ${results.length} examples are as they say`,
  );
  return failed > 0 ? 1 : 0;
}
