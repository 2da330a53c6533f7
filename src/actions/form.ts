/** One thing to fill in, on every surface; `value` is what it begins with, so that a form may be sent as it is. */
export interface Field {
  id: string;
  label: string;
  hint?: string;
  value: string;
  /** choice: one of `choices`. checks: any of them, joined by commas. person: somebody in the chat. */
  kind: 'text' | 'long' | 'date' | 'choice' | 'checks' | 'person';
  choices?: { value: string; label: string }[];
  optional: boolean;
}

/** What was filled in, by field. */
export type FormValues = Record<string, string>;

export type FormResult = { input: Record<string, unknown> } | { faults: Record<string, string> };

/** What a filled form means as a press's input, or what is wrong with which field. */
export function readFields(fields: readonly Field[], values: FormValues): FormResult {
  const given = Object.fromEntries(
    fields.map((field) => [field.id, values[field.id]?.trim() ?? '']).filter(([, value]) => value !== ''),
  );
  const missing = fields.filter((field) => !field.optional && !given[field.id]);
  if (missing.length === 0) return { input: given };
  return {
    faults: Object.fromEntries(
      missing.map((field) => [field.id, `Please give ${field.label.toLowerCase()}`]),
    ),
  };
}
