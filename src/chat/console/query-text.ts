/** A parameter of a query string; empty if it is absent or given several times. */
export const readText = (given: Readonly<Record<string, unknown>>, name: string, max: number): string =>
  Object.hasOwn(given, name) && typeof given[name] === 'string'
    ? (given[name] as string).slice(0, max).trim()
    : '';
