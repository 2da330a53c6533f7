import type { Config } from '../../config/config';
import type { Check } from '../../config/doctor-check';
import { docsUrl } from '../../domain/text/docs-url';
import { count } from '../support/count';
import { type Output, paint } from '../support/output';
import { progressLine } from '../support/progress';
import { checkAzure } from './check-azure';
import { checkEndpoints } from './check-endpoints';
import { checkGeo } from './check-geo';
import { checkRedis } from './check-redis';
import { checkSignIn } from './check-sign-in';
import { checkSurfaces } from './check-surfaces';

/** Checks what the bot needs and prints a fix for each failure. Resolves with the exit code. */
export async function doctor(flags: { json?: boolean }, config: Config, output: Output): Promise<number> {
  const checks: Check[] = [];
  const explained = new Set<string>();
  const progress = progressLine(output, () => `${checks.length} checked …`);
  const report = (check: Check) => {
    checks.push(check);
    progress.done();
    const help = docsUrl(`doctor.md#${check.topic}`);
    if (flags.json) output.out(JSON.stringify({ ...check, help }));
    else {
      const mark = check.ok
        ? paint(output, 'green', 'ok  ')
        : check.optional
          ? paint(output, 'yellow', 'warn')
          : paint(output, 'red', 'FAIL');
      output.out(`${mark}  ${check.name}: ${check.says}`);
      if (!check.ok && check.fix) output.out(`      ${check.fix}`);
      // Many permissions can be missing at once.
      if (!check.ok && !explained.has(check.topic)) output.out(`      ${help}`);
      if (!check.ok) explained.add(check.topic);
    }
    progress.tick();
  };
  await checkEndpoints(config, report);
  const tenantId = await checkAzure(config, report);
  const redisAnswers = await checkRedis(config, tenantId, report);
  await checkSurfaces(config, redisAnswers, report);
  await checkSignIn(config, report);
  await checkGeo(config.policy.geo ?? {}, report);
  progress.done();
  const failed = checks.filter((check) => !check.ok && !check.optional).length;
  output.err(`${count(checks.length, 'check')}, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
