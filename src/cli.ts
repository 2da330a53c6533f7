#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { accessCommands } from './cli/access-commands';
import { alertCommands } from './cli/alert-commands';
import { auditCommands } from './cli/audit-commands';
import type { CliContext } from './cli/cli-context';
import { detectionCommands } from './cli/detection-commands';
import { exceptionCommands } from './cli/exception-commands';
import { refuseEmptyValues } from './cli/option-types';
import { routeCommands } from './cli/route-commands';
import { runCommands } from './cli/run-commands';
import { setupCommands } from './cli/setup-commands';
import { webhookCommands } from './cli/webhook-commands';
import { CommandError, terminal } from './commands/support/output';
import { ConfigError } from './config/config';
import { addCustomTechniques } from './domain/techniques/custom-technique';
import { hideSecrets } from './domain/text/redactor';
import { loadConfig } from './load-config';
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
  .hook('preAction', (_, command) => refuseEmptyValues(command))
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
function config({ needsSecret = false } = {}) {
  const loaded = loadConfig(process.env, undefined, { needsSecret });
  checkActionIds(loaded);
  addCustomTechniques(loaded.policy.techniques);
  hideSecrets(loaded.hidden);
  for (const warning of loaded.warnings) output.err(warning);
  return loaded;
}

const context: CliContext = {
  config,
  output,
  exit: (code) => {
    exitCode = code;
  },
};

for (const register of [
  runCommands,
  alertCommands,
  detectionCommands,
  routeCommands,
  exceptionCommands,
  accessCommands,
  auditCommands,
  webhookCommands,
  setupCommands,
])
  register(program, context);

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
    for (const warning of error.warnings) output.err(warning);
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
