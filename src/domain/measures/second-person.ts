import { areDifferentPeople, type Presser } from '../people/person';
import type { Measure } from './measure';

/**
 * The second person behind a measure that someone retries. If its approver does, it is the requester, so that
 * the record never names one person twice.
 */
export function secondPersonOf(
  { by, approvedBy }: Pick<Measure, 'by' | 'approvedBy'>,
  presser: Presser,
): Presser | undefined {
  if (!approvedBy || areDifferentPeople(approvedBy, presser)) return approvedBy;
  return areDifferentPeople(by, presser) ? by : approvedBy;
}
