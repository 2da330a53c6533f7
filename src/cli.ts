#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError, terminal } from './commands/support/output';
import { ConfigError, loadConfig } from './config/config';
import { toIso } from './domain/activity/read-record';
import { useOwnTechniques } from './domain/techniques/own-technique';
import { hideSecrets } from './domain/text/redactor';
import { refuseUnknownActions } from './presses/check-policy';

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

const oldestNode = 22;
if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  process.stderr.write(
    `Runwatch needs Node ${oldestNode} or later; this is Node ${process.versions.node}.\n`,
  );
  process.exit(2);
}

let exitCode = 0;
const wholeDays = (value: string) => {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError('Expected whole days, 1 to 9999.');
  return Number(value);
};
const moment = (value: string) => {
  const at = toIso(value);
  if (!at || Date.parse(at) > Date.now()) throw new InvalidArgumentError('Expected a moment in the past.');
  return at;
};
/** @param needsSecret the command starts the bot, or asks it to act */
function config({ needsSecret = false } = {}) {
  const loaded = loadConfig(process.env, undefined, { needsSecret });
  refuseUnknownActions(loaded);
  useOwnTechniques(loaded.policy.techniques);
  hideSecrets(loaded.hidden);
  return loaded;
}

program
  .command('start')
  .description('run the bot')
  .option('--roles <roles>', 'some of poll,enrich,deliver,respond,serve; all by default')
  .addHelpText('after', '\nExamples:\n  runwatch start\n  runwatch start --roles poll,enrich')
  .action(async (flags) => {
    // Dependencies that print by themselves when it is set would write past our log.
    delete process.env.DEBUG;
    const settings = config({ needsSecret: true });
    const { start } = await import('./commands/start');
    await start(flags.roles, settings);
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
  .option(
    '--workspace [id]',
    'hunt in a Log Analytics workspace instead of files; without an id the one of LOG_ANALYTICS_WORKSPACE_ID',
  )
  .addOption(new Option('--days <days>', 'how far back in the workspace').default(30).argParser(wholeDays))
  .addOption(
    new Option(
      '--since <moment>',
      'where to begin in the workspace, such as 2026-11-01 or 2026-11-01T08:00:00Z',
    )
      .argParser(moment)
      .conflicts('days'),
  )
  .option('--group', 'bursts as one alert, as the bot makes them')
  .option('--fail-on-alert', 'exit 3 when there are alerts that no exception covers')
  .option('--json', 'one JSON object a line')
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

const exceptions = program
  .command('exceptions')
  .description('documented reasons not to alert, also as YAML under version control');
const some = (name: string) => new Option(`--${name} <values...>`, 'one or more; * is any run of characters');

exceptions
  .command('list')
  .description('all exceptions, with how often each was used')
  .option('--json', 'one JSON object a line')
  .action(async (flags) => (await import('./commands/exceptions')).listExceptions(flags, config(), output));
exceptions
  .command('show')
  .argument('<ID>')
  .description('one exception')
  .option('--json', 'as JSON')
  .action(async (id, flags) =>
    (await import('./commands/exceptions')).showException(id, flags, config(), output),
  );
exceptions
  .command('add')
  .description('add an exception; all that is given must hold')
  .addOption(some('caller'))
  .addOption(some('target'))
  .addOption(some('resource-group'))
  .addOption(some('subscription'))
  .addOption(some('technique'))
  .addOption(some('ip'))
  .option('--sha256 <digest>', "the script's digest")
  .option('--pattern <re2>', 'a pattern that the script holds, RE2 syntax')
  .requiredOption('--reason <text>', 'why')
  .requiredOption('--owner <who>', 'who answers for it')
  .requiredOption('--expires <day>', 'a day (its end, UTC) or a time')
  .option('--review <day>', 'when it is looked at')
  .option('--ticket <url>', 'link to a ticket')
  .option('--json', 'as JSON')
  .addHelpText(
    'after',
    "\nExample:\n  runwatch exceptions add --caller patch-bot@contoso.example --target 'vm-web-*' --reason Patching --owner dana@contoso.example --expires 2027-01-31",
  )
  .action(async (flags) => (await import('./commands/exceptions')).addException(flags, config(), output));
exceptions
  .command('expire')
  .argument('<ID>')
  .description('end an exception now')
  .action(async (id) => (await import('./commands/exceptions')).expireException(id, config(), output));
exceptions
  .command('review')
  .argument('<ID>')
  .description('how it was used; --until extends it')
  .option('--until <day>', 'the new expiry')
  .option('--json', 'as JSON')
  .action(async (id, flags) =>
    (await import('./commands/exceptions')).reviewException(id, flags, config(), output),
  );
exceptions
  .command('export')
  .description('all exceptions as YAML')
  .option('--output <file>', 'default: stdout')
  .action(async (flags) => (await import('./commands/exceptions')).exportExceptions(flags, config(), output));
exceptions
  .command('import')
  .argument('<FILE>', 'YAML, - for stdin')
  .description('make the store hold what a file says; shows what changes')
  .option('--dry-run', 'only show')
  .option('--prune', 'remove what is not in the file')
  .action(async (file, flags) =>
    (await import('./commands/exceptions')).importExceptions(file, flags, config(), output),
  );
exceptions
  .command('test')
  .argument('<FILE>', 'YAML of exceptions')
  .description('what exceptions would have silenced in an export of the log')
  .requiredOption('--against <exports...>', 'activity-log exports')
  .option('--json', 'one JSON object an exception')
  .addHelpText(
    'after',
    '\nExample:\n  runwatch exceptions test exceptions.yaml --against last-month.ndjson.gz',
  )
  .action(async (file, flags) => {
    exitCode = await (await import('./commands/exceptions')).testExceptions(file, flags, config(), output);
  });

const detections = program.command('detections').description('the ways to run code that are detected');

detections
  .command('list')
  .description('every technique, its operations, and whether it is on')
  .option('--json', 'one JSON object a line')
  .addHelpText('after', '\nExample:\n  runwatch detections list')
  .action(async (flags) => {
    (await import('./commands/detections')).listDetections(flags, config(), output);
  });

detections
  .command('test')
  .description('run the examples of the techniques that RUNWATCH_CONFIG adds')
  .option('--json', 'one JSON object an example')
  .addHelpText('after', '\nExample:\n  RUNWATCH_CONFIG=runwatch.yaml runwatch detections test')
  .action(async (flags) => {
    exitCode = (await import('./commands/detections')).testDetections(flags, config(), output);
  });

program
  .command('doctor')
  .description('check credentials, permissions, Slack and Redis; says how to mend each')
  .option('--json', 'one JSON object a check')
  .addHelpText('after', '\nExample:\n  runwatch doctor')
  .action(async (flags) => {
    const { doctor } = await import('./commands/doctor/doctor');
    exitCode = await doctor(flags, config(), output);
  });

program
  .command('manifest')
  .description('the Slack app manifest, the Teams app manifest, or the least-privilege custom roles')
  .addArgument(new Argument('<KIND>', 'which').choices(['slack', 'teams', 'azure-role']))
  .option('--url <url>', 'Slack over HTTP: where Slack reaches the bot; Socket Mode without')
  .option('--app-id <id>', 'Teams: the id of the bot; default TEAMS_APP_ID')
  .option('--subscription <id>', 'where the roles may be assigned')
  .option('--package <file>', 'teams: also write the app package, a zip with its icons')
  .addOption(new Option('--role <role>', 'only one of the two').choices(['watcher', 'responder']))
  .addHelpText(
    'after',
    '\nExamples:\n  runwatch manifest slack > slack.json\n  runwatch manifest azure-role --role watcher --subscription ID > role.json',
  )
  .action(async (kind, flags) => (await import('./commands/manifest')).manifest(kind, flags, output));

program
  .command('config')
  .description(
    'the configuration in force as YAML, the points of each score reason among it; secrets are not shown',
  )
  .addHelpText('after', '\nExample:\n  runwatch config')
  .action(async () => (await import('./commands/print-config')).printConfig(config(), output));

const audit = program.command('audit').description('the audit log: who pressed what, when, with what result');
audit
  .command('verify')
  .description('check that the log is whole and signed, and that copies say the same as Redis')
  .argument('[file...]', 'exported or copied JSON lines; default: the log in Redis and its archive')
  .option(
    '--key <file...>',
    'public keys in PEM, as audit key prints them; default: derived from RUNWATCH_SECRET',
  )
  .option('--offline', 'check files by themselves, without Redis')
  .option('--json', 'as JSON')
  .action(async (files, flags) =>
    (await import('./commands/audit')).verifyAudit(files, flags, config(), output),
  );
audit
  .command('key')
  .description('the public key that checks the signatures, for whoever audits')
  .option('--json', 'one JSON object a line')
  .action(async (flags) => (await import('./commands/audit')).auditKey(flags, config(), output));
audit
  .command('export')
  .description('all entries')
  .addOption(new Option('--format <format>', 'jsonl or csv').choices(['jsonl', 'csv']).default('jsonl'))
  .option('--output <file>', 'default: stdout')
  .action(async (flags) => (await import('./commands/audit')).exportAudit(flags, config(), output));

program
  .command('respond')
  .description('do an action on an alert, as its button does, and exit by what comes of it')
  .argument('<alert>', 'such as RW-7GVK3WEVF8')
  .argument('<action>', 'such as isolate, release, lock, restore')
  .option('--dry-run', 'say what it would do, and change nothing')
  .option('--set <name=value...>', "what the button's form would give, e.g. keep=203.0.113.0/28")
  .option('--no-wait', 'do not wait for what comes of it')
  .option('--json', 'as JSON')
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
  .description('who can run commands in a subscription, and when they last did')
  .requiredOption('--subscription <id>', 'subscription id')
  .option('--csv', 'as CSV, safe for spreadsheets')
  .option('--json', 'one JSON object a line')
  .addHelpText('after', '\nExample:\n  runwatch access-review --subscription ID --csv > access.csv')
  .action(async (flags) =>
    (await import('./commands/run-access-review')).accessReview(flags, config(), output),
  );

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

program
  .command('completion')
  .description('a script that completes commands and options in a shell')
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
  output.err(`the output could not be written: ${message}; what came before is incomplete`);
  process.exit(1);
});

async function main(): Promise<void> {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    // What was begun before it failed holds the process open; it is left to the operating system.
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
