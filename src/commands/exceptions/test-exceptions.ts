import type { Config } from '../../config/config';
import { createReplay } from '../../domain/activity/replay-file';
import { plainLine } from '../../domain/text/plain-text';
import { readExceptions, readInto, unreadLines } from '../replay';
import { countOf } from '../support/count';
import type { Output } from '../support/output';
import { progressLine } from '../support/progress';

/** Prints which alerts of a log export each exception in a file would have suppressed. */
export async function testExceptions(
  file: string,
  flags: { against: string[]; json?: boolean },
  config: Config,
  output: Output,
): Promise<number> {
  const exceptions = readExceptions(file);
  const { detections, points } = config;
  const run = createReplay({ format: 'auto', exceptions, detections, points });
  const progress = progressLine(output, () => `${run.counts.records.toLocaleString('en')} records read`);
  const faults = await readInto(run, flags.against, progress);
  progress.done();
  const total = run.finish().length;
  for (const exception of exceptions) {
    const covered = run.coveredBy(exception);
    if (flags.json) {
      const alerts = covered.map((alert) => alert.id);
      output.out(JSON.stringify({ exception: exception.id, suppressed: alerts.length, alerts }));
      continue;
    }
    output.out(`${exception.id}: would have suppressed ${countOf(covered.length, total, 'alert')}`);
    for (const alert of covered)
      output.out(
        `  ${alert.startedAt}  ${alert.technique} on ${plainLine(alert.target.name)} by ${plainLine(alert.caller.name)}  ${alert.id}`,
      );
  }
  for (const line of unreadLines(run, faults)) output.err(line);
  return faults.length > 0 ? 1 : 0;
}
