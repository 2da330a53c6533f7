import { type Command, Option } from 'commander';
import type { CliContext } from './cli-context';
import { time } from './option-types';

/** `webhooks …`. */
export function webhookCommands(program: Command, { config, output }: CliContext): void {
  const webhooks = program
    .command('webhooks')
    .description('show, test and replay the webhooks in RUNWATCH_CONFIG');

  webhooks
    .command('list')
    .description('list all webhooks and what each has not accepted')
    .option('--json', 'print one JSON object per line')
    .action(async (flags) => (await import('../commands/webhooks')).listWebhooks(flags, config(), output));

  webhooks
    .command('test')
    .argument('<NAME>', 'name of the webhook')
    .description('send a signed test message and show whether it was accepted')
    .option('--json', 'print JSON')
    .action(async (name, flags) =>
      (await import('../commands/webhooks')).testWebhook(name, flags, config(), output),
    );

  webhooks
    .command('replay')
    .argument('<NAME>', 'name of the webhook')
    .description('queue messages again, with the same IDs as before; the bot sends them')
    .option('--failed', 'those that were given up, and those that wait for their next attempt')
    .addOption(
      new Option('--since <time>', 'everything that changed since a time, or within 2h or 7d')
        .argParser(time)
        .conflicts('failed'),
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  runwatch webhooks replay siem --since 2h')
    .action(async (name, flags) =>
      (await import('../commands/webhooks')).replayWebhook(name, flags, config(), output),
    );
}
