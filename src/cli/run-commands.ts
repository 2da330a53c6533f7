import type { Command } from 'commander';
import type { CliContext } from './cli-context';

/** `start`, `demo` and `respond`. */
export function runCommands(program: Command, { config, output }: CliContext): void {
  program
    .command('start')
    .description('run the bot')
    .option('--roles <roles>', 'comma-separated roles: poll,enrich,deliver,respond,serve (default: all)')
    .addHelpText('after', '\nExamples:\n  runwatch start\n  runwatch start --roles poll,enrich')
    .action(async (flags) => {
      // When DEBUG is set, some dependencies print directly and bypass our log.
      delete process.env.DEBUG;
      const settings = config({ needsSecret: true });
      const { start } = await import('../commands/start');
      await start(flags.roles, settings);
    });

  program
    .command('demo')
    .description(
      'run the whole product locally with a simulated tenant and the web console; needs no configuration',
    )
    .option('--scenario <name>', 'play only one scenario: routine, night or storm')
    .option('--no-open', 'do not open a browser')
    .addHelpText('after', '\nExample:\n  runwatch demo --scenario night')
    .action(async (flags) => {
      const { demo } = await import('../commands/demo');
      await demo(flags, process.env, output);
    });

  program
    .command('respond')
    .description('perform an action on an alert, as its button does, and exit with its result')
    .argument('<alert>', 'such as RW-7GVK3WEVF8')
    .argument('<action>', 'such as isolate, release, lock, restore')
    .option('--dry-run', 'print the steps without changing anything')
    .option('--set <name=value...>', 'form fields of the action, e.g. keep=203.0.113.0/28')
    .option('--no-wait', 'do not wait for the result')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  runwatch respond RW-7GVK3WEVF8 isolate --dry-run')
    .action(async (alert, action, flags) =>
      (await import('../commands/respond')).respond(
        alert,
        action,
        flags,
        config({ needsSecret: !flags.dryRun }),
        output,
      ),
    );
}
