import { readFileSync } from 'node:fs';
import { plainLine } from '../alerts/plain-text';
import { grants, parseRoleDefinitions, type RoleDefinition } from '../alerts/roles';
import type { Config } from '../config';
import { CommandError, type Output, table } from './output';

export interface RoleDefinitionsFlags {
  granting: string;
  definitions?: string;
  json?: boolean;
}

/** Prints the roles that grant an action, by name. */
export async function roleDefinitions(
  flags: RoleDefinitionsFlags,
  config: () => Config,
  output: Output,
): Promise<void> {
  const definitions = flags.definitions ? fromFile(flags.definitions) : await live(config());
  const granting = definitions.filter((role) => grants(role.permissions, flags.granting)).sort(byName);
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
  output.err(
    `${granting.length} of ${definitions.length} role definitions grant ${plainLine(flags.granting)}`,
  );
}

const byName = (a: RoleDefinition, b: RoleDefinition) => (a.name < b.name ? -1 : 1);

function fromFile(file: string): RoleDefinition[] {
  try {
    return parseRoleDefinitions(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new CommandError(
      `${file}: ${(error as Error).message}; give what \`az role definition list\` or ARM's roleDefinitions answers`,
      2,
    );
  }
}

async function live(config: Config): Promise<RoleDefinition[]> {
  const { createAzure } = await import('../azure/azure');
  return createAzure(config).roleDefinitions('/');
}
