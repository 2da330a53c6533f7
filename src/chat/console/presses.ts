import { randomUUID } from 'node:crypto';
import type { Field, FormValues } from '../../actions/form';
import { actionOf } from '../../actions/registry';
import type { Sla } from '../../domain/alerts/timing';
import type { AlertView } from '../../domain/measures/alert-view';
import type { Presser } from '../../domain/people/person';
import type { Action } from '../actions';
import { messageOf } from '../message';
import type { SurfacePress } from '../surface-press';

export interface PressDeps {
  responders: boolean;
  now: () => number;
  /** Targets of the response times. */
  sla: Sla;
  press: (press: SurfacePress) => Promise<string>;
}

export type Submitted = { pressId: string } | { faults: Record<string, string>; fields: Field[] } | null;

/** An action that the alert offers now, with its form for this viewer; null if it is not offered. */
export function offeredAction(
  view: AlertView,
  id: string,
  viewer: Presser,
  { responders, sla, now }: PressDeps,
): { action: Action; fields: Field[] } | null {
  const { actions } = messageOf(view, { responders, sla, now: now() }).page();
  const action = actions.find((one) => one.id === id);
  return action ? { action, fields: action.form?.(viewer, now()) ?? [] } : null;
}

/**
 * Queues a press with what was filled in. Whether it is allowed is decided when it is performed.
 * @returns the press's id, the faults of the form, or null for an unknown action
 */
export async function submitPress(
  view: AlertView,
  id: string,
  body: Readonly<Record<string, string>>,
  viewer: Presser,
  deps: PressDeps,
): Promise<Submitted> {
  if (!actionOf(id)) return null;
  let input: Record<string, unknown> | undefined;
  const offered = offeredAction(view, id, viewer, deps);
  if (offered?.action.read && offered.action.form) {
    const read = offered.action.read(body as FormValues);
    if ('faults' in read) {
      const fields = offered.fields.map((field) => ({ ...field, value: body[field.id] ?? '' }));
      return { faults: read.faults, fields };
    }
    input = read.input;
  }
  if (body.choice !== undefined) input = { choice: body.choice };
  if (body.approvalId !== undefined) input = { approvalId: body.approvalId };
  const pressId = await deps.press({
    alertId: view.alert.id,
    action: id,
    by: viewer,
    nonce: nonceOf(body.nonce),
    ...(input ? { input } : {}),
  });
  return { pressId };
}

export const nonceOf = (given: string | undefined): string =>
  `console.${(given || randomUUID()).slice(0, 150)}`;

/** A form's fields as strings. Several checked values of one field are joined by commas. */
export function textsOf(body: unknown): Record<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String).join(',') : String(value),
    ]),
  );
}
