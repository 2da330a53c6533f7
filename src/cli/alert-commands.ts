import { type Command, InvalidArgumentError, Option } from 'commander';
import { mostUrgentFirst } from '../domain/alerts/severity';
import { openStates } from '../domain/alerts/transitions';
import type { CliContext } from './cli-context';
import { subscriptionId, time } from './option-types';

const positive = (value: string) => {
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new InvalidArgumentError('Expected a whole number from 1 to 9999999.');
  return Number(value);
};

/** `alerts`. */
export function alertCommands(program: Command, { config, output }: CliContext): void {
  program
    .command('alerts')
    .description('list or export stored alerts, newest first')
    .argument(
      '[TEXT...]',
      'beginnings of words: caller, machine, resource group, IP address, SHA-256, alert ID',
    )
    .addOption(new Option('--state <states...>', 'state').choices(['open', ...openStates, 'closed']))
    .addOption(new Option('--severity <severities...>', 'severity').choices(mostUrgentFirst))
    .option('--technique <ids...>', 'technique, as in `runwatch detections list`')
    .option('--assignee <who>', 'name or verified email of the assignee, or none')
    .option('--environment <name>', 'environment')
    .addOption(new Option('--subscription <id>', 'subscription ID').argParser(subscriptionId))
    .addOption(new Option('--since <time>', 'raised at or after a time, or within 12h or 7d').argParser(time))
    .addOption(new Option('--until <time>', 'raised before a time').argParser(time))
    .addOption(
      new Option('--limit <count>', 'number of alerts (default: 50; all with --json and --csv)').argParser(
        positive,
      ),
    )
    .option('--json', 'print one JSON object per line')
    .addOption(new Option('--csv', 'print CSV that is safe for spreadsheets').conflicts('json'))
    .addHelpText(
      'after',
      '\nExamples:\n  runwatch alerts vm-pay-01 --state open\n  runwatch alerts dana@contoso.example --since 30d --csv > alerts.csv',
    )
    .action(async (text, flags) =>
      (await import('../commands/alerts')).listAlerts(text, flags, config(), output),
    );
}
