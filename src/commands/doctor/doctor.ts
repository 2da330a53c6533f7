import type { Config } from '../../config';
import { type Output, paint } from '../output';
import { progressLine } from '../progress';
import { checkAzure } from './azure';
import { checkReach } from './reach';
import { checkRedis } from './redis';
import type { Check } from './report';
import { checkSlack } from './slack';
import { checkTeams } from './teams';

/** Checks what the bot needs; says how to mend each. Resolves with the exit code. */
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
  await checkReach(config, report);
  await checkAzure(config, report);
  await checkSlack(config, report);
  const redisAnswers = await checkRedis(config, report);
  await checkTeams(config, redisAnswers, report);
  progress.done();
  const failed = checks.filter((check) => !check.ok && !check.optional).length;
  output.err(`${checks.length} checks, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
