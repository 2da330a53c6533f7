import { parseScope as parse, type Scope } from '../../domain/resources/parse-scope';
import { CommandError } from './output';

/** A scope as people write it. @throws {CommandError} where it is none */
export function parseScope(text: string): Scope {
  const parsed = parse(text);
  if (parsed) return parsed;
  throw new CommandError(
    `--scope: got ${text}, expected a subscription id or an ARM id such as /subscriptions/…/resourceGroups/…`,
    2,
  );
}
