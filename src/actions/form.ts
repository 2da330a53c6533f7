import { t } from '../domain/text/translate';

/** A form field, the same on every surface. `value` is the initial value. */
export interface Field {
  id: string;
  label: string;
  hint?: string;
  value: string;
  /** choice: one of `choices`. checks: any of them, comma-separated. person: a chat user. */
  kind: 'text' | 'long' | 'date' | 'choice' | 'checks' | 'person';
  choices?: { value: string; label: string }[];
  optional: boolean;
}

/** Submitted values by field id. */
export type FormValues = Record<string, string>;

export type FormResult = { input: Record<string, unknown> } | { faults: Record<string, string> };

/** Converts a submitted form to a press's input, or reports each field's fault. */
export function readFields(fields: readonly Field[], values: FormValues): FormResult {
  const given = Object.fromEntries(
    fields.map((field) => [field.id, values[field.id]?.trim() ?? '']).filter(([, value]) => value !== ''),
  );
  const missing = fields.filter((field) => !field.optional && !given[field.id]);
  if (missing.length === 0) return { input: given };
  return {
    faults: Object.fromEntries(missing.map((field) => [field.id, t`${field.label} is required`])),
  };
}
