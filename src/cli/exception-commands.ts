import { type Command, Option } from 'commander';
import type { CliContext } from './cli-context';
import { subscriptionPattern } from './option-types';

/** `exceptions …`. */
export function exceptionCommands(program: Command, { config, output, exit }: CliContext): void {
  const exceptions = program
    .command('exceptions')
    .description(
      'manage exceptions: documented reasons not to alert, optionally kept as YAML in version control',
    );

  const some = (name: string) => new Option(`--${name} <values...>`, 'one or more; * matches any text');

  exceptions
    .command('list')
    .description('list all exceptions and how often each was used')
    .option('--json', 'print one JSON object per line')
    .action(async (flags) =>
      (await import('../commands/exceptions/exceptions')).listExceptions(flags, config(), output),
    );

  exceptions
    .command('show')
    .argument('<ID>')
    .description('show one exception')
    .option('--json', 'print JSON')
    .action(async (id, flags) =>
      (await import('../commands/exceptions/exceptions')).showException(id, flags, config(), output),
    );

  exceptions
    .command('add')
    .description('add an exception; all conditions must match')
    .addOption(some('caller'))
    .addOption(some('target'))
    .addOption(some('resource-group'))
    .addOption(some('subscription').argParser(subscriptionPattern))
    .addOption(some('technique'))
    .addOption(some('ip'))
    .option('--sha256 <digest>', 'SHA-256 digest of the script')
    .option('--pattern <re2>', 'RE2 pattern to find in the script')
    .requiredOption('--reason <text>', 'reason')
    .requiredOption('--owner <who>', 'owner')
    .requiredOption('--expires <day>', 'expiry: a day (until its end, UTC) or a time')
    .option('--review <day>', 'review date')
    .option('--ticket <url>', 'ticket URL')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      "\nExample:\n  runwatch exceptions add --caller patch-bot@contoso.example --target 'vm-web-*' --reason Patching --owner dana@contoso.example --expires 2027-01-31",
    )
    .action(async (flags) =>
      (await import('../commands/exceptions/exceptions')).addException(flags, config(), output),
    );

  exceptions
    .command('expire')
    .argument('<ID>')
    .description('expire an exception now')
    .option('--json', 'print the exception as JSON')
    .action(async (id, flags) =>
      (await import('../commands/exceptions/exceptions')).expireException(id, flags, config(), output),
    );

  exceptions
    .command('review')
    .argument('<ID>')
    .description('show how an exception was used; --until extends it')
    .option('--until <day>', 'new expiry date')
    .option('--json', 'print JSON')
    .action(async (id, flags) =>
      (await import('../commands/exceptions/exceptions')).reviewException(id, flags, config(), output),
    );

  exceptions
    .command('export')
    .description('print all exceptions as YAML')
    .option('--output <file>', 'output file (default: stdout)')
    .option('--json', 'print one JSON object per line')
    .action(async (flags) =>
      (await import('../commands/exceptions/exceptions-files')).exportExceptions(flags, config(), output),
    );

  exceptions
    .command('import')
    .argument('<FILE>', 'YAML file, or - for stdin')
    .description('apply exceptions from a file and show the changes')
    .option('--dry-run', 'show the changes without applying them')
    .option('--prune', 'remove exceptions that are not in the file')
    .option('--json', 'print one JSON object per change')
    .action(async (file, flags) =>
      (await import('../commands/exceptions/exceptions-files')).importExceptions(
        file,
        flags,
        config(),
        output,
      ),
    );

  exceptions
    .command('test')
    .argument('<FILE>', 'YAML file of exceptions')
    .description('show which alerts in a log export the exceptions would have suppressed')
    .requiredOption('--against <exports...>', 'activity log exports')
    .option('--json', 'print one JSON object per exception')
    .addHelpText(
      'after',
      '\nExample:\n  runwatch exceptions test exceptions.yaml --against last-month.ndjson.gz',
    )
    .action(async (file, flags) => {
      exit(
        await (await import('../commands/exceptions/test-exceptions')).testExceptions(
          file,
          flags,
          config(),
          output,
        ),
      );
    });
}
