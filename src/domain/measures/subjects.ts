import { type Alert, type Executions, summarize } from '../alerts/alert';

export const machineSubject = (machineId: string): string => `machine:${machineId.toLowerCase()}`;
export const callerSubject = (objectId: string): string => `caller:${objectId.toLowerCase()}`;
export const assignmentSubject = (name: string): string => `assignment:${name.toLowerCase()}`;
export const alertSubject = (alertId: string): string => `alert:${alertId}`;

/**
 * The keys that link an alert to measures: its machines, its caller and the role assignment that allowed the
 * call.
 */
export function subjectsOf(alert: Executions & Pick<Alert, 'facts'>): string[] {
  const { caller, about } = summarize(alert);
  const assignment = alert.facts.access?.grant?.assignmentId;
  return [
    ...new Set(about.map(({ target }) => machineSubject(target.id))),
    ...(caller.id ? [callerSubject(caller.id)] : []),
    ...(assignment ? [assignmentSubject(assignment)] : []),
  ];
}
