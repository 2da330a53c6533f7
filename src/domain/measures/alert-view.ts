import type { Alert } from '../alerts/alert';
import type { Approval } from './approval';
import type { Measure } from './measure';

/** An alert with what is done about it: the measures on its targets, and what waits for approval. */
export interface AlertView {
  alert: Alert;
  measures: readonly Measure[];
  approvals: readonly Approval[];
}

/** Grows with each stored change of the alert and of what is done about it. */
export const versionOf = ({ alert, measures, approvals }: AlertView): number =>
  [alert, ...measures, ...approvals].reduce((sum, { rev }) => sum + rev, 0);
