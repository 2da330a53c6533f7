import { CommandError } from './output';

/** @throws {CommandError} if it is not an ARM action */
export function parseAction(action: string): string {
  const isAction = /^[a-z][\w-]*(\.[\w-]+)*(\/[\w$.-]+)+\/(read|write|delete|action)$/i.test(action);
  if (isAction) return action;
  throw new CommandError(
    `${action}: is not an ARM action; use one such as Microsoft.Compute/virtualMachines/runCommand/action`,
    2,
  );
}
