import { reviewAccess } from '../actions/access/review-access';
import { createAzure } from '../azure/azure';
import type { Config } from '../config/config';
import { csvLine } from '../domain/text/csv-line';
import { plainLine } from '../domain/text/plain-text';
import { count } from './support/count';
import type { Output } from './support/output';
import { table } from './support/table';
import { withStore } from './support/with-store';

const columns = ['name', 'type', 'role', 'scope', 'group', 'condition', 'lastRun', 'assignment'];

/** Prints who can run commands in a subscription and when they last did. Those who never did come first. */
export async function accessReview(
  flags: { subscription: string; csv?: boolean; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const rows = await reviewAccess(flags.subscription, Date.now(), { azure: createAzure(config), store });
    if (flags.json) {
      for (const row of rows) output.out(JSON.stringify(row));
      return;
    }
    if (flags.csv) {
      const cells = rows.map((row) => [
        row.name,
        row.principalType,
        row.role,
        row.scope,
        row.group ?? '',
        row.condition ?? '',
        row.lastRun ?? '',
        row.assignmentId,
      ]);
      for (const line of [columns, ...cells]) output.out(csvLine(line));
      return;
    }
    const short = rows.map((row) => [
      row.lastRun?.slice(0, 10) ?? 'never',
      plainLine(row.name, 40),
      row.principalType,
      plainLine(row.role, 40),
      plainLine(row.scope, 500),
    ]);
    for (const line of table([['LAST RUN', 'NAME', 'TYPE', 'ROLE', 'SCOPE'], ...short])) output.out(line);
    const never = rows.filter((row) => row.lastRun === null).length;
    output.err(`${count(rows.length, 'assignment')} can run commands; ${never} unused in the last 90 days`);
  });
}
