import type { Config } from '../../config/config';
import type { Check } from '../../config/doctor-check';
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
  const progress = progressLine(output, () => `${checks.length} checked …`);
  const report = (check: Check) => {
    checks.push(check);
    progress.done();
    if (flags.json) output.out(JSON.stringify(check));
    else {
      const mark = check.ok
        ? paint(output, 'green', 'ok  ')
        : check.optional
          ? paint(output, 'yellow', 'warn')
          : paint(output, 'red', 'FAIL');
      output.out(
        `${mark}  ${check.name}: ${check.says}${!check.ok && check.fix ? `\n      ${check.fix}` : ''}`,
      );
    }
    progress.tick();
  };
  await checkEndpoints(config, report);
  await checkAzure(config, report);
  const redisAnswers = await checkRedis(config, report);
  await checkSurfaces(config, redisAnswers, report);
  await checkSignIn(config, report);
  await checkGeo(config.policy.geo ?? {}, report);
  progress.done();
  const failed = checks.filter((check) => !check.ok && !check.optional).length;
  output.err(`${count(checks.length, 'check')}, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
