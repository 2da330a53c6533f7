import type { Alert } from '../alerts/alert';
import type { Approval } from './approval';
import type { Measure } from './measure';

/** An alert with the measures on its targets and its approval requests. */
export interface AlertView {
  alert: Alert;
  measures: readonly Measure[];
  approvals: readonly Approval[];
}

/** Increases with each stored change of the alert, its measures or its approvals. */
export const versionOf = ({ alert, measures, approvals }: AlertView): number =>
  [alert, ...measures, ...approvals].reduce((sum, { rev }) => sum + rev, 0);
