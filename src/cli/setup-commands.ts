import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { surfaceDefinitions } from '../chat/surfaces';
import { CommandError } from '../commands/support/output';
import type { CliContext } from './cli-context';
import { subscriptionId } from './option-types';

const azureRole = 'azure-role';

/** appId as it is written on the command line: app-id. */
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Commands to set up and check a deployment. */
export function setupCommands(program: Command, { config, output, exit }: CliContext): void {
  program
    .command('doctor')
    .description('check credentials, permissions, chats and Redis, and say how to fix problems')
    .option('--json', 'print one JSON object per check')
    .addHelpText('after', '\nExample:\n  runwatch doctor')
    .action(async (flags) => {
      const { doctor } = await import('../commands/doctor/doctor');
      exit(await doctor(flags, config(), output));
    });

  const withManifest = new Map(
    surfaceDefinitions().flatMap(({ name, manifest }) => (manifest ? [[name, manifest] as const] : [])),
  );
  /** The kind that each option belongs to. */
  const owners = new Map([
    ['subscription', azureRole],
    ['role', azureRole],
  ]);
  const manifest = program
    .command('manifest')
    .description('print the app manifest of a chat, or the least-privilege custom roles')
    .addArgument(new Argument('<KIND>', 'what to print').choices([...withManifest.keys(), azureRole]))
    .option('--subscription <id>', 'azure-role: subscription where the roles can be assigned', subscriptionId)
    .addOption(
      new Option(
        '--role <role>',
        'azure-role: print only this role; script-fetcher is printed only so',
      ).choices(['watcher', 'responder', 'log-reader', 'script-fetcher']),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  runwatch manifest slack > slack.json\n  runwatch manifest azure-role --role watcher --subscription ID > role.json',
    )
    .option('--json', 'print one JSON object per line')
    .action(async (kind, { json = false, ...flags }) => {
      for (const [name, owner] of owners)
        if (owner !== kind && flags[name] !== undefined)
          throw new CommandError(
            `--${kebab(name)}: not an option of manifest ${kind}; use it with manifest ${owner}`,
            2,
          );
      (await import('../commands/manifest')).manifest(kind, flags, output, json);
    });
  for (const [name, { options }] of withManifest)
    for (const { flags, description, expected, accepts } of options) {
      const option = new Option(flags, `${name}: ${description}`).argParser((value: string) => {
        if (accepts && !accepts(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
        return value;
      });
      owners.set(option.attributeName(), name);
      manifest.addOption(option);
    }

  program
    .command('config')
    .description(
      'print the effective configuration as YAML, with the points per score reason; secrets are hidden',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  runwatch config')
    .action(async (flags) => (await import('../commands/print-config')).printConfig(config(), output, flags));

  program
    .command('completion')
    .description('print a shell completion script')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(runwatch completion bash)\n  runwatch completion fish | source',
    )
    .action(async (shell) => {
      const { completionScript } = await import('../commands/completion');
      output.out(completionScript(program, shell));
    });
}
