import { type Command, InvalidArgumentError, Option } from 'commander';
import { toIso } from '../domain/activity/read-record';
import type { CliContext } from './cli-context';

const wholeDays = (value: string) => {
  if (!/^[1-9]\d{0,3}$/.test(value))
    throw new InvalidArgumentError('Expected a whole number of days from 1 to 9999.');
  return Number(value);
};
const pastTime = (value: string) => {
  const at = toIso(value);
  if (!at || Date.parse(at) > Date.now())
    throw new InvalidArgumentError('Expected a date or time in the past.');
  return at;
};

/** `replay` and `detections …`. */
export function detectionCommands(program: Command, { config, output, exit }: CliContext): void {
  program
    .command('replay')
    .description('print the alerts that activity log exports would have raised')
    .argument('[FILE...]', 'activity log exports, plain or gzipped (default: stdin)')
    .addOption(
      new Option('--format <shape>', 'format of the records')
        .choices(['auto', 'rest', 'diagnostic', 'log-analytics', 'ecs'])
        .default('auto'),
    )
    .option('--exceptions <file>', 'YAML file of exceptions to apply')
    .option(
      '--workspace [id]',
      'read from a Log Analytics workspace instead of files (default id: LOG_ANALYTICS_WORKSPACE_ID)',
    )
    .addOption(
      new Option('--days <days>', 'days to read back in the workspace').default(30).argParser(wholeDays),
    )
    .addOption(
      new Option('--since <time>', 'start time in the workspace, such as 2026-11-01 or 2026-11-01T08:00:00Z')
        .argParser(pastTime)
        .conflicts('days'),
    )
    .option('--group', 'group a burst into one alert, as the bot does')
    .option('--fail-on-alert', 'exit with 3 if an alert is not covered by an exception')
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      '\nExamples:\n  az monitor activity-log list --offset 7d | runwatch replay\n  runwatch replay --json export.json.gz | jq .caller.name\n  runwatch replay --workspace --days 365 --json',
    )
    .action(async (files, flags) => {
      const { replay } = await import('../commands/replay');
      exit(await replay(files, flags, config(), output));
    });

  const detections = program.command('detections').description('show and test the detected ways to run code');

  detections
    .command('list')
    .description('list every technique, its operations, and whether it is on')
    .option('--json', 'print one JSON object per line')
    .addHelpText('after', '\nExample:\n  runwatch detections list')
    .action(async (flags) => {
      (await import('../commands/detections')).listDetections(flags, config(), output);
    });

  detections
    .command('test')
    .description('check the examples of the techniques in RUNWATCH_CONFIG')
    .option('--json', 'print one JSON object per example')
    .addHelpText('after', '\nExample:\n  RUNWATCH_CONFIG=runwatch.yaml runwatch detections test')
    .action(async (flags) => {
      exit((await import('../commands/detections')).testDetections(flags, config(), output));
    });
}
