/** A JSON object whose fields nobody has vouched for. */
export type Bag = Record<string, unknown>;

/** The value as an object; text that holds JSON is parsed (Log Analytics writes claims so); anything else is {}. */
export function bag(value: unknown): Bag {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Bag;
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return bag(JSON.parse(value));
    } catch {
      return {};
    }
  }
  return {};
}

/** The value as text; numbers are written out, objects as JSON, null and the rest are "". */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return '';
}
