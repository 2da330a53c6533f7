import type { Presser } from '../people/person';
import type { TechniqueId } from '../techniques/technique';
import { shortDigest } from '../text/short-digest';
import type { Alert, StateName } from './alert';
import { environmentsOf } from './join-facts';
import type { Severity } from './severity';

/** The lists that people read. An alert is in one of them, or in none until it is announced or suppressed. */
export const lists = ['open', 'closed', 'suppressed'] as const;
export type ListName = (typeof lists)[number];

/** What alerts are counted by. */
export interface Facets {
  list: ListName;
  severity: Severity;
  state: StateName;
  technique: TechniqueId;
  owner: Presser | null;
  /** That of most machines first. */
  environments: string[];
}

export interface FacetCount {
  facets: Facets;
  count: number;
}

/** Environments of a burst that are counted. */
const maxEnvironments = 20;

export function listOf({ announced, state, verdict }: Alert): ListName | null {
  if (announced) return state === 'closed' ? 'closed' : 'open';
  return verdict === 'suppressed' ? 'suppressed' : null;
}

/** A key of a person as they are stored. One person may have several. Empty for nobody. */
export const ownerKeyOf = (owner: Presser | null): string =>
  owner === null ? '' : shortDigest(JSON.stringify(identityOf(owner)));

const identityOf = ({ surface, id, name, email, team, objectId, tenant, issuer }: Presser) => [
  ...[surface, id, name],
  ...[email, team, objectId, tenant, issuer].map((value) => value ?? null),
];

/** The same text for alerts with the same facets; empty if it is in no list. */
export function facetsText(alert: Alert): string {
  const list = listOf(alert);
  if (!list) return '';
  const environments = environmentsOf(alert).flatMap(({ environment }) => environment ?? []);
  return JSON.stringify([
    list,
    alert.severity,
    alert.state,
    alert.technique,
    alert.assignee && identityOf(alert.assignee),
    ...environments.slice(0, maxEnvironments),
  ]);
}

/** Null for what another version stored. */
export function readFacets(text: string): Facets | null {
  const stored = parse(text);
  if (!Array.isArray(stored) || !lists.includes(stored[0])) return null;
  const [list, severity, state, technique, owner, ...environments] = stored;
  return {
    ...{ list, severity, state, technique },
    owner: Array.isArray(owner) ? personOf(owner) : null,
    environments: environments.map(String),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function personOf([surface, id, name, ...rest]: (string | null)[]): Presser {
  const [email, team, objectId, tenant, issuer] = rest.map((value) => value ?? undefined);
  return {
    ...{ surface: surface ?? '', id: id ?? '', name: name ?? '' },
    ...{ email, team, objectId, tenant, issuer },
  };
}
