import { type Alert, callerKeyOf, summarize } from '../../../domain/alerts/alert';
import { environmentsOf } from '../../../domain/alerts/join-facts';
import { isSamePerson, type Presser } from '../../../domain/people/person';
import { is } from '../../../domain/resources/resource-id';
import { dayStart, hourOfWeek } from '../../../domain/text/weeks';
import { type AlertQuery, dayOf, hourOf, type View } from './query';

/** Announced and not closed, as the index of open alerts counts them. */
export const isOpen = (alert: Alert): boolean => alert.announced && alert.state !== 'closed';

const inView: Record<View, (alert: Alert, viewer: Presser) => boolean> = {
  open: isOpen,
  mine: (alert, viewer) => isOpen(alert) && alert.assignee !== null && isSamePerson(alert.assignee, viewer),
  unassigned: (alert) => isOpen(alert) && alert.assignee === null,
  contained: (alert) => isOpen(alert) && alert.state === 'contained',
  suppressed: (alert) => alert.verdict === 'suppressed' && !alert.announced,
  closed: (alert) => alert.announced && alert.state === 'closed',
  all: (alert) => alert.announced || alert.verdict === 'suppressed',
};

export const isIn = (view: View, alert: Alert, viewer: Presser): boolean => inView[view](alert, viewer);

/** Whether it passes all filters but the view. The text is searched in id, caller, machine, address and script. */
export function fits(alert: Alert, query: AlertQuery): boolean {
  const { text, severity, state, technique, environment } = query;
  return (
    (!severity || alert.severity === severity) &&
    (!state || is(alert.state, state)) &&
    (!technique || alert.technique === technique) &&
    (!environment || environmentsOf(alert).some((one) => one.environment === environment)) &&
    (!query.caller || callerKeyOf(summarize(alert).caller) === query.caller) &&
    hasExecution(alert, query) &&
    (!text || textsOf(alert).some((one) => one?.toLowerCase().includes(text.toLowerCase())))
  );
}

/** Whether a command ran on the machine at the time of the filter. */
function hasExecution({ executions }: Alert, { machine, hour, day }: AlertQuery): boolean {
  const wantedHour = hourOf(hour);
  const wantedDay = dayOf(day);
  if (!machine && wantedHour === null && wantedDay === null) return true;
  return executions.some(({ target, startedAt }) => {
    const at = Date.parse(startedAt);
    return (
      (!machine || is(target.id, machine) || is(target.name, machine)) &&
      (wantedHour === null || hourOfWeek(at) === wantedHour) &&
      (wantedDay === null || dayStart(at) === wantedDay)
    );
  });
}

function textsOf(alert: Alert): (string | null | undefined)[] {
  const { caller } = summarize(alert);
  const { who, scripts = {} } = alert.facts;
  return [
    alert.id,
    caller.name,
    caller.id,
    caller.ip,
    who?.name,
    ...Object.values(scripts).flatMap((script) => [script.text, script.sha256]),
    ...alert.executions.map(({ target }) => target.id),
  ];
}
