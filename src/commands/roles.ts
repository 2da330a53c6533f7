import { howOf } from '../actions/triage/show-roles';
import { type CallerRole, findCaller, principalsWithAccess, rolesOf } from '../azure/access/effective-roles';
import { createAzure } from '../azure/azure';
import type { Config } from '../config/config';
import { plainLine } from '../domain/text/plain-text';
import { parseAction } from './support/action-option';
import { count } from './support/count';
import { CommandError, type Output } from './support/output';
import { parseScope } from './support/scope-option';
import { table } from './support/table';

/** Prints a caller's roles at a scope, and whether each allows running commands. */
export async function roles(
  caller: string,
  flags: { scope: string; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const { scope, subscriptionId } = parseScope(flags.scope);
  const azure = createAzure(config);
  const found = await findCaller(caller, azure);
  const [principal] = found;
  if (!principal)
    throw new CommandError(`${caller}: no principal has this UPN, object ID, app ID or display name`, 1);
  if (found.length > 1) {
    throw new CommandError(
      `${caller}: ${found.length} principals match (${found.map((p) => `${p.name} ${p.id}`).join(', ')}); use the object ID`,
      1,
    );
  }
  const list = await rolesOf(principal.id, scope, subscriptionId, azure);
  if (flags.json) {
    for (const role of list) output.out(JSON.stringify(role));
    return;
  }
  for (const line of table([['ROLE', 'RUNS COMMANDS', 'SCOPE', 'HOW'], ...list.map(row)])) output.out(line);
  const can = list.filter((role) => role.runsCommands && !role.eligible).length;
  output.err(
    `${plainLine(principal.name)}: ${count(list.length, 'assignment')}, ${can} of which ${can === 1 ? 'allows' : 'allow'} running commands at ${scope}`,
  );
}

const row = (role: CallerRole): string[] => [
  plainLine(role.role, 60),
  role.deniedBy
    ? `denied by ${plainLine(role.deniedBy, 40)}`
    : role.runsCommands
      ? role.eligible
        ? 'after activation'
        : role.denyNotEvaluated
          ? `yes, but ${plainLine(role.denyNotEvaluated, 40)} was not evaluated`
          : 'yes'
      : 'no',
  plainLine(role.scope, 500),
  howOf(role),
];

/** Prints every principal that can perform an action at a scope. */
export async function whoCanCommand(
  action: string,
  flags: { scope: string; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const { scope, subscriptionId } = parseScope(flags.scope);
  parseAction(action);
  const list = await principalsWithAccess(action, scope, subscriptionId, createAzure(config));
  if (flags.json) {
    for (const able of list) output.out(JSON.stringify(able));
    return;
  }
  const rows = list.map((able) => [
    plainLine(able.name, 80),
    able.principalType,
    plainLine(able.role, 60),
    `${plainLine(able.scope, 500)}${able.group ? ` through ${plainLine(able.group, 60)}` : ''}${able.condition ? ', with a condition (not evaluated)' : ''}`,
  ]);
  for (const line of table([['WHO', 'TYPE', 'ROLE', 'THROUGH'], ...rows])) output.out(line);
  output.err(`${count(list.length, 'principal')} can perform ${action} at ${scope}`);
}
