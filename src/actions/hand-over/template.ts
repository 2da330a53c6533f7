type Fields = Readonly<Record<string, unknown>>;

/**
 * Fills in {{title}} and other fields in every string of the template. A string that is only one field keeps
 * the field's type.
 */
export function filled(template: unknown, fields: Fields): unknown {
  const fieldOf = (name: string) => (Object.hasOwn(fields, name) ? fields[name] : '');
  if (Array.isArray(template)) return template.map((item) => filled(item, fields));
  if (typeof template === 'object' && template !== null)
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, fields)]));
  if (typeof template !== 'string') return template;
  const alone = /^\{\{(\w+)\}\}$/.exec(template)?.[1];
  if (alone) return fieldOf(alone);
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(fieldOf(name)));
}

/** Fills in fields in a URL, so that none can change its path. */
export const filledUrl = (template: string, fields: Fields): string =>
  // An URL of the configuration may have been parsed, which encodes the braces.
  template.replace(/(?:\{\{|%7B%7B)(\w+)(?:\}\}|%7D%7D)/gi, (_, name: string) =>
    encodeURIComponent(String(Object.hasOwn(fields, name) ? fields[name] : '')),
  );

/** The value at a path such as `issue.fields.status.name`; undefined if there is none. */
export const valueAt = (body: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Fields)[key] : undefined,
      body,
    );

/** A ticket's id as text; null if it can't be one. It becomes part of URLs. */
export function ticketIdOf(value: unknown): string | null {
  const id = typeof value === 'number' ? String(value) : value;
  return typeof id === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id) ? id : null;
}
