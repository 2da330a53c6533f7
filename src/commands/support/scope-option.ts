import { parseScope as parse, type Scope } from '../../domain/resources/parse-scope';
import { CommandError } from './output';

/** Parses a scope as users write it. @throws {CommandError} if it is not a scope */
export function parseScope(text: string): Scope {
  const parsed = parse(text);
  if (parsed) return parsed;
  throw new CommandError(
    `--scope: got ${text}, expected a subscription ID or an ARM ID such as /subscriptions/…/resourceGroups/…`,
    2,
  );
}
