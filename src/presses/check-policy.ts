import { actionIds, actionOf } from '../actions/registry';
import { type Config, ConfigError } from '../config/config';

/** @throws {ConfigError} that lists every unknown action id in RUNWATCH_CONFIG */
export function checkActionIds({ policy }: Pick<Config, 'policy'>): void {
  const named = [
    ...(policy.responders ?? []).flatMap(({ may }, index) =>
      may === 'all' ? [] : may.map((id) => [`responders.${index}.may`, id] as const),
    ),
    ...(policy.fourEyes ?? []).map((id) => ['fourEyes', id] as const),
  ];
  const faults = named
    .filter(([, id]) => id !== 'all' && !actionOf(id))
    .map(
      ([where, id]) =>
        `RUNWATCH_CONFIG: ${where}: got ${id}, expected one of ${[...actionIds()].sort().join(', ')}`,
    );
  if (faults.length > 0) throw new ConfigError(faults);
}
