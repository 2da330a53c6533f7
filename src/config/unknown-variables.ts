import { docsUrl } from '../domain/text/docs-url';
import { nearest } from '../domain/text/nearest';
import type { AnySurfaceSettings } from './surface-settings';
import { allVariables, type Env } from './variables';

const ours = /^(RUNWATCH|SLACK|TEAMS|EVENT_HUB|LOG_ANALYTICS)_/;
/** What Kubernetes and Docker set for services whose names begin as our variables do. */
const ofService = /_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/;
const serviceAddress = /^(tcp|udp):\/\//;
const maxNameLength = 100;

/**
 * One warning for each variable that looks like one of ours but is none, with the nearest name.
 * @param named variables that RUNWATCH_CONFIG names
 */
export function unknownVariables(
  env: Env,
  surfaces: readonly AnySurfaceSettings[],
  named: readonly string[],
): string[] {
  const known = [...Object.keys(allVariables(surfaces).schemas), ...named];
  const withFiles = new Set([...known, ...known.map((name) => `${name}_FILE`)]);
  const unknown = Object.keys(env).filter(
    (name) =>
      ours.test(name) &&
      !withFiles.has(name) &&
      !ofService.test(name) &&
      !serviceAddress.test(env[name] ?? ''),
  );
  return unknown.sort().map((name) => {
    const shown = name.slice(0, maxNameLength);
    const guess = nearest(shown, withFiles);
    const next = guess ? `did you mean ${guess}?` : `${docsUrl('configuration.md')} lists every variable`;
    return `${shown}: unknown, so it has no effect; ${next}`;
  });
}
