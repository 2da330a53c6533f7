/** A language's texts by their English form. Plurals have one text for each of `Intl.PluralRules`' categories. */
export type Catalogue = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

interface Locale {
  /** "en". */
  language: string;
  /** Null for English: the texts in the code are used. */
  catalogue: Catalogue | null;
  numbers: Intl.NumberFormat;
  plurals: Intl.PluralRules;
  days: Intl.DateTimeFormat;
  times: Intl.DateTimeFormat;
  seconds: Intl.DateTimeFormat;
  clock: Intl.DateTimeFormat;
  countries: Intl.DisplayNames;
  /** Small numbers look the same as in code, so they need no formatting. */
  plainDigits: boolean;
}

const day = { year: 'numeric', month: 'short', day: 'numeric', timeZone: 'UTC' } as const;
const time = { ...day, hour: 'numeric', minute: '2-digit', timeZoneName: 'short' } as const;
const clock = { timeStyle: 'medium', hourCycle: 'h23', timeZone: 'UTC' } as const;

function localeOf(tag: string, catalogue: Catalogue | null): Locale {
  const numbers = new Intl.NumberFormat(tag);
  return {
    language: new Intl.Locale(tag).language,
    catalogue,
    numbers,
    plurals: new Intl.PluralRules(tag),
    days: new Intl.DateTimeFormat(tag, day),
    times: new Intl.DateTimeFormat(tag, time),
    seconds: new Intl.DateTimeFormat(tag, { ...clock, dateStyle: 'medium' }),
    clock: new Intl.DateTimeFormat(tag, clock),
    countries: new Intl.DisplayNames(tag, { type: 'region', fallback: 'code' }),
    plainDigits: numbers.format(123) === '123',
  };
}

/** A text between whose parts values go: `order` has the index of each value. */
interface Template {
  parts: readonly string[];
  order: readonly number[];
}

let locale = localeOf('en-US', null);
let templates = new WeakMap<TemplateStringsArray, Template>();

/**
 * Sets the language of all texts and the format of numbers and dates, once when the process starts.
 * @param tag a BCP 47 tag, such as en-GB
 */
export function useLocale(tag: string, catalogue: Catalogue | null = null): void {
  locale = localeOf(tag, catalogue);
  templates = new WeakMap();
}

type Value = string | number | null | undefined;

/**
 * A text that people read, in the locale's language: t`Isolate ${name}…` is looked up as "Isolate {0}…".
 * Numbers are formatted for the locale.
 */
export function t(strings: TemplateStringsArray, ...values: readonly Value[]): string {
  if (!locale.catalogue) {
    let text = strings[0] as string;
    for (let i = 0; i < values.length; i++) text += `${shown(values[i])}${strings[i + 1]}`;
    return text;
  }
  const { parts, order } = templateOf(strings);
  let text = parts[0] as string;
  for (let i = 0; i < order.length; i++) text += `${shown(values[order[i] as number])}${parts[i + 1]}`;
  return text;
}

/** The translated parts of a text, for tags that put in their values by themselves. */
export const templateOf = (strings: TemplateStringsArray): Template =>
  templates.get(strings) ?? compile(strings);

function compile(strings: TemplateStringsArray): Template {
  const key = strings.reduce((all, part, index) => `${all}{${index - 1}}${part}`);
  const pieces = translate(key).split(/\{(\d+)\}/);
  const template = {
    parts: pieces.filter((_, index) => index % 2 === 0),
    order: pieces.filter((_, index) => index % 2 === 1).map(Number),
  };
  templates.set(strings, template);
  return template;
}

/**
 * The text for a count: counted(machines, '# machine', '# machines'). # is the formatted number. Languages
 * with other plurals have a text for each category.
 */
export function counted(count: number, one: string, other: string): string {
  const forms = locale.catalogue?.[other];
  const translated =
    typeof forms === 'object' ? (forms[locale.plurals.select(count)] ?? forms.other) : undefined;
  return (translated ?? (count === 1 ? one : other)).replace('#', shown(count));
}

/** The texts for a count by plural category, for the console's scripts: plural('# machine', '# machines'). */
export function plural(one: string, other: string): Readonly<Record<string, string>> {
  const forms = locale.catalogue?.[other];
  return typeof forms === 'object' ? forms : { one, other };
}

/** Marks a text where it can't be translated yet, because modules load before the locale is set. */
export const phrase = <Text extends string>(text: Text): Text => text;

/** Translates a text that {@link phrase} marked. Unknown texts, such as people's own, stay as they are. */
export function translate(text: string): string {
  const translated = locale.catalogue?.[text];
  return typeof translated === 'string' ? translated : text;
}

/** The language of all texts: "en". */
export const textLanguage = (): string => locale.language;

export const numberText = (value: number): string =>
  locale.plainDigits && Number.isInteger(value) && Math.abs(value) < 1000
    ? String(value)
    : locale.numbers.format(value);

const shown = (value: Value): string => (typeof value === 'number' ? numberText(value) : (value ?? ''));

/** A day in UTC, "Jul 1, 2026", where the reader's time zone can't be used. */
export const dayText = (at: string | number): string => locale.days.format(new Date(at));

/** A time labelled UTC, "Jul 1, 2026, 2:05 PM UTC", where the reader's time zone can't be used. */
export const timeText = (at: string | number): string =>
  locale.times.format(new Date(at)).replaceAll('\u202f', ' ');

/** A time with seconds in 24 hours, "Jul 1, 2026, 14:05:09", in UTC. */
export const secondsText = (at: string): string => locale.seconds.format(new Date(at));

/** "14:05:09", in UTC. */
export const clockText = (at: string): string => locale.clock.format(new Date(at));

/** A country's name by its ISO 3166-1 code: "Germany". */
export const countryName = (code: string): string => locale.countries.of(code) ?? code;
