import { CommandError } from './output';

/** @throws {CommandError} for what is no ARM action, such as Microsoft.Compute/virtualMachines/runCommand/action */
export function parseAction(action: string): string {
  const isAction = /^[a-z][\w-]*(\.[\w-]+)*(\/[\w$.-]+)+\/(read|write|delete|action)$/i.test(action);
  if (isAction) return action;
  throw new CommandError(
    `${action}: is no ARM action; give one such as Microsoft.Compute/virtualMachines/runCommand/action`,
    2,
  );
}
