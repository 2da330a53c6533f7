import { type Command, Option } from 'commander';
import type { CliContext } from './cli-context';

/** `audit …`. */
export function auditCommands(program: Command, { config, output }: CliContext): void {
  const audit = program
    .command('audit')
    .description('verify and export the audit log: who did what, when, and the result');

  audit
    .command('verify')
    .description('check that the log is complete and signed, and that copies match Redis')
    .argument('[file...]', 'exported or copied JSON lines (default: the log in Redis and its archive)')
    .option(
      '--key <file...>',
      'PEM public keys, as printed by audit key (default: derived from RUNWATCH_SECRET)',
    )
    .option('--offline', 'check files without comparing them to Redis')
    .option('--json', 'print JSON')
    .action(async (files, flags) =>
      (await import('../commands/audit')).verifyAudit(files, flags, config(), output),
    );

  audit
    .command('key')
    .description('print the public key that verifies the signatures, for auditors')
    .option('--json', 'print one JSON object per line')
    .action(async (flags) => (await import('../commands/audit')).auditKey(flags, config(), output));

  audit
    .command('export')
    .description('export all entries')
    .addOption(new Option('--format <format>', 'jsonl or csv').choices(['jsonl', 'csv']).default('jsonl'))
    .option('--output <file>', 'output file (default: stdout)')
    .addOption(new Option('--json', 'the same as --format jsonl').implies({ format: 'jsonl' }))
    .action(async (flags) => (await import('../commands/audit')).exportAudit(flags, config(), output));
}
