#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError, terminal } from './commands/support/output';
import { ConfigError, loadConfig } from './config/config';
import { toIso } from './domain/activity/read-record';
import { addCustomTechniques } from './domain/techniques/custom-technique';
import { hideSecrets } from './domain/text/redactor';
import { checkActionIds } from './presses/check-policy';

const output = terminal();
const program = new Command('runwatch')
  .description(
    'Detects commands run on Azure machines through the control plane, and lets people respond from chat',
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
    '\nExit codes: 0 success, 1 failure, 2 usage or configuration error, 3 alerts found (replay --fail-on-alert)',
  );

const oldestNode = 22;
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  process.stderr.write(
    `Runwatch needs Node ${oldestNode} or later; this is Node ${process.versions.node}.\n`,
  );
  process.exit(2);
}

let exitCode = 0;
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
/** @param needsSecret the command starts the bot or queues an action for it */
function config({ needsSecret = false } = {}) {
  const loaded = loadConfig(process.env, undefined, { needsSecret });
  checkActionIds(loaded);
  addCustomTechniques(loaded.policy.techniques);
  hideSecrets(loaded.hidden);
  return loaded;
}

program
  .command('start')
  .description('run the bot')
  .option('--roles <roles>', 'comma-separated roles: poll,enrich,deliver,respond,serve (default: all)')
  .addHelpText('after', '\nExamples:\n  runwatch start\n  runwatch start --roles poll,enrich')
  .action(async (flags) => {
    // When DEBUG is set, some dependencies print directly and bypass our log.
    delete process.env.DEBUG;
    const settings = config({ needsSecret: true });
    const { start } = await import('./commands/start');
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
    const { demo } = await import('./commands/demo');
    await demo(flags, process.env, output);
  });

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
    const { replay } = await import('./commands/replay');
    exitCode = await replay(files, flags, config(), output);
  });

program
  .command('roles')
  .description(
    'list the role assignments of a caller, how each was granted, and which allow running commands',
  )
  .argument('<CALLER>', 'UPN, object ID, app ID or display name')
  .requiredOption('--scope <scope>', 'a subscription ID or an ARM resource ID')
  .option('--json', 'print one JSON object per line')
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
  .description('list every principal that can perform an action, and the role that allows it')
  .argument('[ACTION]', 'an ARM action', 'Microsoft.Compute/virtualMachines/runCommand/action')
  .requiredOption('--scope <scope>', 'a subscription ID or an ARM resource ID')
  .option('--json', 'print one JSON object per line')
  .addHelpText('after', '\nExample:\n  runwatch who-can --scope /subscriptions/…/resourceGroups/rg-payments')
  .action(async (action, flags) => {
    const { whoCanCommand } = await import('./commands/roles');
    await whoCanCommand(action, flags, config(), output);
  });

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
  .action(async (flags) => (await import('./commands/exceptions')).listExceptions(flags, config(), output));
exceptions
  .command('show')
  .argument('<ID>')
  .description('show one exception')
  .option('--json', 'print JSON')
  .action(async (id, flags) =>
    (await import('./commands/exceptions')).showException(id, flags, config(), output),
  );
exceptions
  .command('add')
  .description('add an exception; all conditions must match')
  .addOption(some('caller'))
  .addOption(some('target'))
  .addOption(some('resource-group'))
  .addOption(some('subscription'))
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
  .action(async (flags) => (await import('./commands/exceptions')).addException(flags, config(), output));
exceptions
  .command('expire')
  .argument('<ID>')
  .description('expire an exception now')
  .action(async (id) => (await import('./commands/exceptions')).expireException(id, config(), output));
exceptions
  .command('review')
  .argument('<ID>')
  .description('show how an exception was used; --until extends it')
  .option('--until <day>', 'new expiry date')
  .option('--json', 'print JSON')
  .action(async (id, flags) =>
    (await import('./commands/exceptions')).reviewException(id, flags, config(), output),
  );
exceptions
  .command('export')
  .description('print all exceptions as YAML')
  .option('--output <file>', 'output file (default: stdout)')
  .action(async (flags) => (await import('./commands/exceptions')).exportExceptions(flags, config(), output));
exceptions
  .command('import')
  .argument('<FILE>', 'YAML file, or - for stdin')
  .description('apply exceptions from a file and show the changes')
  .option('--dry-run', 'show the changes without applying them')
  .option('--prune', 'remove exceptions that are not in the file')
  .action(async (file, flags) =>
    (await import('./commands/exceptions')).importExceptions(file, flags, config(), output),
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
    exitCode = await (await import('./commands/exceptions')).testExceptions(file, flags, config(), output);
  });

const detections = program.command('detections').description('show and test the detected ways to run code');

detections
  .command('list')
  .description('list every technique, its operations, and whether it is on')
  .option('--json', 'print one JSON object per line')
  .addHelpText('after', '\nExample:\n  runwatch detections list')
  .action(async (flags) => {
    (await import('./commands/detections')).listDetections(flags, config(), output);
  });

detections
  .command('test')
  .description('check the examples of the techniques in RUNWATCH_CONFIG')
  .option('--json', 'print one JSON object per example')
  .addHelpText('after', '\nExample:\n  RUNWATCH_CONFIG=runwatch.yaml runwatch detections test')
  .action(async (flags) => {
    exitCode = (await import('./commands/detections')).testDetections(flags, config(), output);
  });

program
  .command('doctor')
  .description('check credentials, permissions, Slack and Redis, and say how to fix problems')
  .option('--json', 'print one JSON object per check')
  .addHelpText('after', '\nExample:\n  runwatch doctor')
  .action(async (flags) => {
    const { doctor } = await import('./commands/doctor/doctor');
    exitCode = await doctor(flags, config(), output);
  });

program
  .command('manifest')
  .description('print the Slack app manifest, the Teams app manifest, or the least-privilege custom roles')
  .addArgument(new Argument('<KIND>', 'what to print').choices(['slack', 'teams', 'azure-role']))
  .option('--url <url>', 'slack: URL where Slack reaches the bot over HTTP (default: Socket Mode)')
  .option('--app-id <id>', 'teams: app ID of the bot (default: TEAMS_APP_ID)')
  .option('--subscription <id>', 'azure-role: subscription where the roles can be assigned')
  .option('--package <file>', 'teams: also write the app package, a zip file with the icons')
  .addOption(
    new Option('--role <role>', 'azure-role: print only this role').choices(['watcher', 'responder']),
  )
  .addHelpText(
    'after',
    '\nExamples:\n  runwatch manifest slack > slack.json\n  runwatch manifest azure-role --role watcher --subscription ID > role.json',
  )
  .action(async (kind, flags) => (await import('./commands/manifest')).manifest(kind, flags, output));

program
  .command('config')
  .description(
    'print the effective configuration as YAML, with the points per score reason; secrets are hidden',
  )
  .addHelpText('after', '\nExample:\n  runwatch config')
  .action(async () => (await import('./commands/print-config')).printConfig(config(), output));

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
    (await import('./commands/audit')).verifyAudit(files, flags, config(), output),
  );
audit
  .command('key')
  .description('print the public key that verifies the signatures, for auditors')
  .option('--json', 'print one JSON object per line')
  .action(async (flags) => (await import('./commands/audit')).auditKey(flags, config(), output));
audit
  .command('export')
  .description('export all entries')
  .addOption(new Option('--format <format>', 'jsonl or csv').choices(['jsonl', 'csv']).default('jsonl'))
  .option('--output <file>', 'output file (default: stdout)')
  .action(async (flags) => (await import('./commands/audit')).exportAudit(flags, config(), output));

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
    (await import('./commands/respond')).respond(
      alert,
      action,
      flags,
      config({ needsSecret: !flags.dryRun }),
      output,
    ),
  );

program
  .command('access-review')
  .description('list who can run commands in a subscription, and when they last did')
  .requiredOption('--subscription <id>', 'subscription ID')
  .option('--csv', 'print CSV that is safe for spreadsheets')
  .option('--json', 'print one JSON object per line')
  .addHelpText('after', '\nExample:\n  runwatch access-review --subscription ID --csv > access.csv')
  .action(async (flags) =>
    (await import('./commands/run-access-review')).accessReview(flags, config(), output),
  );

program
  .command('role-definitions')
  .description('list the role definitions that grant an action')
  .requiredOption('--granting <action>', 'such as Microsoft.Compute/virtualMachines/runCommand/action')
  .option('--definitions <file>', 'ARM list of role definitions (default: read from Azure)')
  .option('--json', 'print one JSON object per line')
  .addHelpText(
    'after',
    '\nExample:\n  runwatch role-definitions --granting Microsoft.Compute/virtualMachines/runCommand/action',
  )
  .action(async (flags) => {
    const { roleDefinitions } = await import('./commands/role-definitions');
    await roleDefinitions(flags, config, output);
  });

program
  .command('completion')
  .description('print a shell completion script')
  .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
  .addHelpText(
    'after',
    '\nExamples:\n  source <(runwatch completion bash)\n  runwatch completion fish | source',
  )
  .action(async (shell) => {
    const { completionScript } = await import('./commands/completion');
    output.out(completionScript(program, shell));
  });

process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  output.err(`could not write the output: ${message}; the output is incomplete`);
  process.exit(1);
});

async function main(): Promise<void> {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    // Connections opened before the failure keep the process alive, so exit explicitly.
    process.exit(exitCodeOf(error));
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
