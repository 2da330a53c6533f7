import type { Command } from 'commander';
import type { CliContext } from './cli-context';
import { subscriptionId } from './option-types';

/** Commands about who has access. */
export function accessCommands(program: Command, { config, output }: CliContext): void {
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
      const { roles } = await import('../commands/roles');
      await roles(caller, flags, config(), output);
    });

  program
    .command('who-can')
    .description('list every principal that can perform an action, and the role that allows it')
    .argument('[ACTION]', 'an ARM action', 'Microsoft.Compute/virtualMachines/runCommand/action')
    .requiredOption('--scope <scope>', 'a subscription ID or an ARM resource ID')
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      '\nExample:\n  runwatch who-can --scope /subscriptions/…/resourceGroups/rg-payments',
    )
    .action(async (action, flags) => {
      const { whoCanCommand } = await import('../commands/roles');
      await whoCanCommand(action, flags, config(), output);
    });

  program
    .command('access-review')
    .description('list who can run commands in a subscription, and when they last did')
    .requiredOption('--subscription <id>', 'subscription ID', subscriptionId)
    .option('--csv', 'print CSV that is safe for spreadsheets')
    .option('--json', 'print one JSON object per line')
    .addHelpText('after', '\nExample:\n  runwatch access-review --subscription ID --csv > access.csv')
    .action(async (flags) =>
      (await import('../commands/run-access-review')).accessReview(flags, config(), output),
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
      const { roleDefinitions } = await import('../commands/role-definitions');
      await roleDefinitions(flags, config, output);
    });
}
