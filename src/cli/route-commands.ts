import { type Command, InvalidArgumentError, Option } from 'commander';
import { toIso } from '../domain/activity/read-record';
import { severities } from '../domain/alerts/severity';
import type { CliContext } from './cli-context';
import { subscriptionId } from './option-types';

const time = (value: string) => {
  const at = toIso(value);
  if (!at) throw new InvalidArgumentError('Expected a time such as 2026-11-26T03:00Z.');
  return at;
};

/** Repeatable: NAME=VALUE. */
const tag = (value: string, before: Record<string, string> = {}) => {
  const [name = '', ...rest] = value.split('=');
  if (name === '' || rest.length === 0)
    throw new InvalidArgumentError('Expected NAME=VALUE, such as env=prod.');
  return { ...before, [name]: rest.join('=') };
};

/** `routes …`. */
export function routeCommands(program: Command, { config, output }: CliContext): void {
  const routes = program.command('routes').description('show where alerts go');

  const given = [
    new Option('--severity <severity>', 'severity').choices(severities),
    new Option('--technique <id>', 'technique, as in `runwatch detections list`'),
    new Option('--environment <name>', 'environment (default: from the tags and the subscription)'),
    new Option('--tag <name=value>', "a tag of the alert's machine; repeatable").argParser(tag),
    new Option('--subscription <id>', 'subscription ID').argParser(subscriptionId),
    new Option('--resource-group <name>', 'resource group'),
    new Option(
      '--management-group <groups...>',
      'ids or display names of management groups above the subscription',
    ),
    new Option('--at <time>', 'start of the alert (default: now)').argParser(time),
  ];

  const test = routes
    .command('test')
    .description('show the channel of an alert on each chat, and why')
    .addOption(
      new Option('--alert <id>', 'a stored alert').conflicts(given.map((option) => option.attributeName())),
    );
  for (const option of given) test.addOption(option);
  test
    .option('--json', 'print one JSON object per chat')
    .addHelpText(
      'after',
      '\nExamples:\n  runwatch routes test --alert RW-4f1c2a9b\n  runwatch routes test --severity high --tag env=prod --at 2026-11-26T03:00Z',
    )
    .action(async (flags) => (await import('../commands/routes')).testRoutes(flags, config(), output));
}
