#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { CommandError, terminal } from './commands/output';
import { ConfigError, loadConfig } from './config';

const output = terminal();
const program = new Command('runwatch')
  .description(
    'Catches commands run on Azure machines from outside them, and lets people act on it from chat',
  )
  .version(require('../package.json').version)
  .exitOverride()
  .configureOutput({
    writeErr: (text) => process.stderr.write(text),
    outputError: (text, write) => write(text),
  })
  .showSuggestionAfterError()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 it failed, 2 wrong usage or configuration, 3 alerts were found (replay --fail-on-alert)',
  );

let exitCode = 0;
const config = () => loadConfig(process.env);

program
  .command('start')
  .description('run the bot')
  .option('--roles <roles>', 'some of poll,enrich,deliver,respond,serve; all by default')
  .addHelpText('after', '\nExamples:\n  runwatch start\n  runwatch start --roles poll,enrich')
  .action(async (flags) => {
    const { start } = await import('./commands/start');
    await start(flags.roles, config());
  });

program
  .command('demo')
  .description(
    'the whole product on this machine: a simulated tenant and the web console, nothing to configure',
  )
  .option('--scenario <name>', 'play only one: routine, night or storm')
  .option('--no-open', 'do not open a browser')
  .addHelpText('after', '\nExample:\n  runwatch demo --scenario night')
  .action(async (flags) => {
    const { demo } = await import('./commands/demo');
    await demo(flags, process.env, output);
  });

program
  .command('replay')
  .description('print the alerts that activity-log exports would have raised')
  .argument('[FILE...]', 'exports, gzip or plain; stdin when none is named')
  .addOption(
    new Option('--format <shape>', "the records' shape")
      .choices(['auto', 'rest', 'diagnostic', 'log-analytics', 'ecs'])
      .default('auto'),
  )
  .option('--exceptions <file>', 'YAML file of exceptions to judge by')
  .option('--fail-on-alert', 'exit 3 when there are alerts that no exception covers')
  .option('--json', 'one JSON object a line')
  .addHelpText(
    'after',
    '\nExamples:\n  az monitor activity-log list --offset 7d | runwatch replay\n  runwatch replay --json export.json.gz | jq .caller.name',
  )
  .action(async (files, flags) => {
    const { replay } = await import('./commands/replay');
    exitCode = await replay(files, flags, config(), output);
  });

program
  .command('roles')
  .description("a caller's role assignments, how each reaches them, and which let them run commands")
  .argument('<CALLER>', 'UPN, object id, app id or display name')
  .requiredOption('--scope <scope>', 'a subscription id, or an ARM id')
  .option('--json', 'one JSON object a line')
  .addHelpText(
    'after',
    '\nExample:\n  runwatch roles dana@contoso.example --scope 5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
  )
  .action(async (caller, flags) => {
    const { roles } = await import('./commands/roles');
    await roles(caller, flags, config(), output);
  });

program
  .command('who-can')
  .description('every principal that can do an action, and through what')
  .argument('[ACTION]', 'an ARM action', 'Microsoft.Compute/virtualMachines/runCommand/action')
  .requiredOption('--scope <scope>', 'a subscription id, or an ARM id')
  .option('--json', 'one JSON object a line')
  .addHelpText('after', '\nExample:\n  runwatch who-can --scope /subscriptions/…/resourceGroups/rg-payments')
  .action(async (action, flags) => {
    const { whoCanCommand } = await import('./commands/roles');
    await whoCanCommand(action, flags, config(), output);
  });

program
  .command('role-definitions')
  .description('the role definitions that grant an action')
  .requiredOption('--granting <action>', 'such as Microsoft.Compute/virtualMachines/runCommand/action')
  .option('--definitions <file>', 'an ARM list of role definitions; default: the live one')
  .option('--json', 'one JSON object a line')
  .addHelpText(
    'after',
    '\nExample:\n  runwatch role-definitions --granting Microsoft.Compute/virtualMachines/runCommand/action',
  )
  .action(async (flags) => {
    const { roleDefinitions } = await import('./commands/role-definitions');
    await roleDefinitions(flags, config, output);
  });

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

async function main(): Promise<void> {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    exitCode = exitCodeOf(error);
  }
  process.exitCode = exitCode;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    output.err(`${error.message}\n${error.remedy}`);
    return 2;
  }
  if (error instanceof CommandError) {
    output.err(error.message);
    return error.exitCode;
  }
  output.err(`runwatch: ${(error as Error)?.message ?? String(error)}`);
  return 1;
}

main();
