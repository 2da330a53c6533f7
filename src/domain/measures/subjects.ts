import { type Alert, summarize } from '../alerts/alert';

export const machineSubject = (machineId: string): string => `machine:${machineId.toLowerCase()}`;
export const callerSubject = (objectId: string): string => `caller:${objectId.toLowerCase()}`;
export const assignmentSubject = (name: string): string => `assignment:${name.toLowerCase()}`;
export const alertSubject = (alertId: string): string => `alert:${alertId}`;

/** What an alert is about, as keys by which its measures are found: its machines, its caller, the role that let it through. */
export function subjectsOf(alert: Pick<Alert, 'executions' | 'facts'>): string[] {
  const { caller } = summarize(alert);
  const assignment = alert.facts.access?.grant?.assignmentId;
  return [
    ...new Set(alert.executions.map(({ target }) => machineSubject(target.id))),
    ...(caller.id ? [callerSubject(caller.id)] : []),
    ...(assignment ? [assignmentSubject(assignment)] : []),
  ];
}
