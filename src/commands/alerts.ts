import { linkTo } from '../app/link-to';
import type { Config } from '../config/config';
import type { Alert } from '../domain/alerts/alert';
import type { AlertQuery } from '../domain/alerts/alert-query';
import type { AlertRow } from '../domain/alerts/alert-row';
import type { Severity } from '../domain/alerts/severity';
import { openStates } from '../domain/alerts/transitions';
import { techniqueOf } from '../domain/techniques/catalogue';
import { csvLine } from '../domain/text/csv-line';
import { plainLine } from '../domain/text/plain-text';
import { count } from './support/count';
import { CommandError, type Output, paint } from './support/output';
import { table } from './support/table';
import { checkTechnique } from './support/technique-option';
import { withStore } from './support/with-store';

export interface AlertsFlags {
  state?: (Alert['state'] | 'open')[];
  severity?: Severity[];
  technique?: string[];
  assignee?: string;
  environment?: string;
  subscription?: string;
  /** RFC 3339. */
  since?: string;
  /** RFC 3339. */
  until?: string;
  limit?: number;
  json?: boolean;
  csv?: boolean;
}

const pageSize = 500;
/** A table is for people, an export for programs. */
const defaultTableRows = 50;

/** Lists or exports stored alerts, newest first. */
export async function listAlerts(
  text: readonly string[],
  flags: AlertsFlags,
  config: Config,
  output: Output,
): Promise<void> {
  for (const id of flags.technique ?? []) checkTechnique(id);
  if (flags.since && flags.until && flags.until <= flags.since)
    throw new CommandError(`--until: got ${flags.until}, expected a time after --since ${flags.since}`, 2);
  const query: AlertQuery = {
    text: text.join(' '),
    states: flags.state?.flatMap((state) => (state === 'open' ? openStates : state)),
    severities: flags.severity,
    techniques: flags.technique,
    assignee: flags.assignee === 'none' ? null : flags.assignee,
    environment: flags.environment,
    subscription: flags.subscription,
    after: flags.since ? Date.parse(flags.since) : undefined,
    before: flags.until ? Date.parse(flags.until) : undefined,
  };
  const isExport = flags.json || flags.csv;
  const link = linkTo(config);
  const limit = flags.limit ?? (isExport ? Infinity : defaultTableRows);
  await withStore(config, async ({ alerts }) => {
    if (flags.csv) output.out(csvLine([...columns.map(([name]) => name), 'link']));
    const shown: AlertRow[] = [];
    let printed = 0;
    let cursor: string | null = null;
    do {
      const page = await alerts.search(query, { limit: Math.min(limit - printed, pageSize), cursor });
      if (cursor === null && page.waiting > 0)
        output.err(
          `not indexed yet, so perhaps missing: ${count(page.waiting, 'recent change')}; repeat the command later`,
        );
      for (const row of page.alerts) {
        if (flags.json) output.out(JSON.stringify({ ...row, link: link(row.id) }));
        else if (flags.csv)
          output.out(csvLine([...columns.map(([, cellOf]) => cellOf(row)), link(row.id) ?? '']));
        else shown.push(row);
      }
      printed += page.alerts.length;
      cursor = page.next;
      if (!cursor || printed >= limit) output.err(summaryOf(printed, page.total, cursor !== null));
    } while (cursor && printed < limit);
    if (shown.length > 0) for (const line of tableOf(shown, output)) output.out(line);
  });
}

function summaryOf(printed: number, total: number | string, isMore: boolean): string {
  if (printed === 0) return 'no alerts match';
  if (isMore) return `${printed} of ${total} alerts; --limit shows more`;
  return count(printed, 'alert');
}

const machinesOf = ({ machines, machineNames }: AlertRow) =>
  machines > 1 ? `${machines} machines` : (machineNames[0] ?? '');

const outcomeOf = ({ outcomes }: AlertRow) =>
  Object.entries(outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');

function tableOf(rows: readonly AlertRow[], output: Output): string[] {
  const cells = rows.map((row) => [
    row.raisedAt.slice(0, 16).replace('T', ' '),
    `${row.severity} ${row.score}`,
    row.verdict === 'suppressed' ? `${row.state}, suppressed` : row.state,
    row.id,
    row.caller.name,
    machinesOf(row),
    techniqueOf(row.technique).title,
  ]);
  const [head = '', ...lines] = table([
    ['RAISED (UTC)', 'SEVERITY', 'STATE', 'ID', 'CALLER', 'MACHINE', 'TECHNIQUE'],
    ...cells,
  ]);
  return [paint(output, 'dim', head), ...lines];
}

const columns: readonly (readonly [name: string, cellOf: (row: AlertRow) => string])[] = [
  ['id', ({ id }) => id],
  ['raisedAt', ({ raisedAt }) => raisedAt],
  ['severity', ({ severity }) => severity],
  ['score', ({ score }) => String(score)],
  ['state', ({ state }) => state],
  ['closedAs', ({ closedAs }) => closedAs ?? ''],
  ['verdict', ({ verdict }) => verdict],
  ['exception', ({ exception }) => exception ?? ''],
  ['assignee', ({ assignee }) => assignee ?? ''],
  ['technique', ({ technique }) => technique],
  ['outcome', outcomeOf],
  ['caller', ({ caller }) => caller.name],
  ['callerIdentity', ({ caller }) => caller.identity],
  ['ip', ({ caller }) => caller.ip ?? ''],
  ['account', ({ account }) => account ?? ''],
  ['machines', ({ machines }) => String(machines)],
  ['machineNames', ({ machineNames }) => machineNames.join(' ')],
  [
    'environments',
    ({ environments }) => environments.flatMap(({ environment }) => environment ?? []).join(', '),
  ],
  ['subscriptions', ({ subscriptions }) => subscriptions.join(' ')],
  ['reasons', ({ reasons }) => reasons.map((reason) => plainLine(reason)).join('; ')],
];
