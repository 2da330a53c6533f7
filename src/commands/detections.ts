import type { Config } from '../config/config';
import { allTechniques, isBuiltIn } from '../domain/techniques/catalogue';
import { runExamples } from '../domain/techniques/custom-technique';
import { plainLine } from '../domain/text/plain-text';
import { type Output, table } from './support/output';

/** Prints every technique, its operations, and whether it is on. */
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
 * Checks the examples of the techniques in RUNWATCH_CONFIG.
 * @returns the exit code: 1 if an example fails
 */
export function testDetections(flags: { json?: boolean }, config: Config, output: Output): number {
  const results = runExamples(config.policy.techniques ?? []);
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
      : `${results.length - failed} of ${results.length} examples pass`,
  );
  return failed > 0 ? 1 : 0;
}
