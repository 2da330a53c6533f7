import { type Command, InvalidArgumentError } from 'commander';
import { CommandError } from '../commands/support/output';
import { toIso } from '../domain/activity/read-record';
import { parseScope } from '../domain/resources/parse-scope';

/** @throws {InvalidArgumentError} unless it is a subscription's GUID, also as /subscriptions/GUID */
export function subscriptionId(value: string): string {
  const parsed = parseScope(value);
  if (parsed?.scope === `/subscriptions/${parsed?.subscriptionId}`) return parsed.subscriptionId;
  throw new InvalidArgumentError(
    'Expected a subscription ID such as 5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01 (az account show --query id).',
  );
}

/** Repeatable. A pattern with * may match any subscription. */
export const subscriptionPattern = (value: string, before: string[] = []): string[] => [
  ...before,
  value.includes('*') ? value : subscriptionId(value),
];

/** @throws {CommandError} where an option or argument was given as an empty text, such as an unset variable */
export function refuseEmptyValues(command: Command): void {
  const given = [
    ...command.options.map(
      (option) => [option.long, command.getOptionValue(option.attributeName())] as const,
    ),
    ...command.registeredArguments.map(
      (argument, index) => [argument.name(), command.processedArgs[index]] as const,
    ),
  ];
  for (const [name, value] of given)
    if ([value].flat().some((each) => typeof each === 'string' && each.trim() === ''))
      throw new CommandError(`${name}: empty, expected a value (or leave it out)`, 2);
}

/** A time, or how long ago: as RFC 3339. */
export const time = (value: string) => {
  const ago = /^([1-9]\d{0,3})([hd])$/.exec(value);
  if (ago) return new Date(Date.now() - Number(ago[1]) * (ago[2] === 'd' ? 24 : 1) * 3_600_000).toISOString();
  const at = toIso(value);
  if (!at)
    throw new InvalidArgumentError('Expected a time such as 2026-11-26, 2026-11-26T03:00Z, 12h or 7d.');
  return at;
};
