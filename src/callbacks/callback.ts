import type { Escalation } from '../actions/hand-over/incident-facts';
import type { TicketReport } from '../domain/alerts/ticket-state';

/** What a delivery says. `id`: the same for each delivery of the same event. */
export interface Callback extends TicketReport {
  id: string;
}

/** A system that reports what became of an incident. */
export interface CallbackSource {
  /** The id of the place that it is, as in an alert's escalation. */
  place: string;
  path: string;
  /** The header with the signature, and how each signature begins. */
  header: string;
  scheme: string;
  /** Null if it is not configured. */
  secretOf: (escalation: Escalation) => string | null;
  /** The name that people read. */
  nameOf: (escalation: Escalation) => string;
  /** Null if it says nothing about an incident's state. @throws {Error} if it can't be read */
  read: (body: unknown, raw: Buffer, escalation: Escalation) => Callback | null;
}
