import type { Config } from '../config/config';
import { grants, parseRoleDefinitions, type RoleDefinition } from '../domain/access/role-permissions';
import { plainLine } from '../domain/text/plain-text';
import { parseAction } from './support/action-option';
import { countOf } from './support/count';
import { fileFault } from './support/file-fault';
import { CommandError, type Output } from './support/output';
import { table } from './support/table';
import { readTextFile } from './support/text-file';

export interface RoleDefinitionsFlags {
  granting: string;
  definitions?: string;
  json?: boolean;
}

/** Prints the roles that grant an action, sorted by name. */
export async function roleDefinitions(
  flags: RoleDefinitionsFlags,
  config: () => Config,
  output: Output,
): Promise<void> {
  const action = parseAction(flags.granting);
  const definitions = flags.definitions ? fromFile(flags.definitions) : await live(config());
  const granting = definitions.filter((role) => grants(role.permissions, action)).sort(byName);
  if (flags.json) {
    for (const role of granting)
      output.out(JSON.stringify({ id: role.id, name: role.name, custom: role.custom }));
    return;
  }
  for (const line of table(
    granting.map((role) => [plainLine(role.name), role.id, role.custom ? 'custom' : 'built-in']),
  )) {
    output.out(line);
  }
  output.err(`${countOf(granting.length, definitions.length, 'role definition')} with ${action}`);
}

const byName = (a: RoleDefinition, b: RoleDefinition) => (a.name < b.name ? -1 : 1);

function fromFile(file: string): RoleDefinition[] {
  try {
    return parseRoleDefinitions(JSON.parse(readTextFile(file)));
  } catch (error) {
    throw new CommandError(
      `${file}: ${fileFault(error)}; expected the output of \`az role definition list\` or of ARM's roleDefinitions API`,
      2,
    );
  }
}

/** Custom roles belong to a tenant, but ARM lists them at a scope. Any subscription works. */
async function live(config: Config): Promise<RoleDefinition[]> {
  const { createAzure } = await import('../azure/azure');
  const azure = createAzure(config);
  const subscriptionId = config.azure.subscriptionIds?.[0] ?? (await azure.subscriptions())[0]?.id;
  if (!subscriptionId)
    throw new CommandError(
      'the credential can access no subscription; set AZURE_SUBSCRIPTION_IDS or grant it Reader on one',
      1,
    );
  return azure.roleDefinitions(`/subscriptions/${subscriptionId}`);
}
