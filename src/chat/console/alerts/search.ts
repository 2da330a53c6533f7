import type { Alert, StateName } from '../../../domain/alerts/alert';
import { isFound, type AlertQuery as Search } from '../../../domain/alerts/alert-query';
import { type Facets, type ListName, lists, ownerKeyOf } from '../../../domain/alerts/facets';
import { environmentTerm } from '../../../domain/alerts/search-terms';
import { openStates } from '../../../domain/alerts/transitions';
import { isSamePerson, type Presser } from '../../../domain/people/person';
import { is } from '../../../domain/resources/resource-id';
import { shortDigest } from '../../../domain/text/short-digest';
import { type AlertQuery, dayOf, hourOf, type View } from './query';

const listsOfView: Record<View, readonly ListName[]> = {
  open: ['open'],
  mine: ['open'],
  unassigned: ['open'],
  contained: ['open'],
  suppressed: ['suppressed'],
  closed: ['closed'],
  all: lists,
};

/** A key that nobody has: fields without values would match any alert. */
const none = ['none'];

/** The filters without the view, as the index is searched. */
export function filtersOf(query: AlertQuery): Search {
  const { text, severity, state, technique, environment, caller, machine, hour, day } = query;
  const states = [...openStates, 'closed' as const].filter((one) => is(one, state));
  return {
    text: text || undefined,
    severities: severity ? [severity] : undefined,
    states: state ? (states.length > 0 ? states : (none as StateName[])) : undefined,
    techniques: technique ? [technique] : undefined,
    environment: environment || undefined,
    callers: caller ? [shortDigest(caller)] : undefined,
    machines: machine ? [shortDigest(machine)] : undefined,
    hour: hourOf(hour) ?? undefined,
    day: dayOf(day) ?? undefined,
  };
}

/** Whether the filters are among those that all alerts are counted by. */
export const isCounted = ({ text, of, caller, machine, hour, day }: AlertQuery): boolean =>
  [text, of, caller, machine, hour, day].every((filter) => filter === '');

/** @param viewers keys under which the viewer owns alerts */
export function searchOf(query: AlertQuery, viewers: readonly string[]): Search {
  const { view, of } = query;
  const filters = filtersOf(query);
  const contained: StateName[] =
    filters.states && !filters.states.includes('contained') ? (none as StateName[]) : ['contained'];
  return {
    ...filters,
    lists: listsOfView[view],
    group: of || undefined,
    ...(view === 'mine' ? { owners: viewers.length > 0 ? viewers : none } : {}),
    ...(view === 'unassigned' ? { owners: [''] } : {}),
    ...(view === 'contained' ? { states: contained } : {}),
  };
}

/** Whether the view has alerts with these facets. */
export function isIn(view: View, { list, owner, state }: Facets, viewer: Presser): boolean {
  if (!listsOfView[view].includes(list)) return false;
  if (view === 'mine') return owner !== null && isSamePerson(owner, viewer);
  if (view === 'unassigned') return owner === null;
  return view !== 'contained' || state === 'contained';
}

/** Whether the filters that facets have match. */
export function fits(facets: Facets, { severity, state, technique, environment }: AlertQuery): boolean {
  const wanted = environmentTerm(environment);
  return (
    (!severity || facets.severity === severity) &&
    (!state || is(facets.state, state)) &&
    (!technique || is(facets.technique, technique)) &&
    (!environment || facets.environments.some((one) => environmentTerm(one) === wanted))
  );
}

/** Whether the list shows the alert. */
export function isListed(alert: Alert, query: AlertQuery, viewer: Presser): boolean {
  const { assignee } = alert;
  const isMine = assignee !== null && isSamePerson(assignee, viewer);
  return isFound(alert, searchOf(query, isMine ? [ownerKeyOf(assignee)] : []));
}
