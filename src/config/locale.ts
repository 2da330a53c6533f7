import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Catalogue, useLocale } from '../domain/text/translate';

const folder = join(__dirname, '../../locales');

/** The languages that have a catalogue. */
const languages = (): string[] =>
  readdirSync(folder).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));

/** Null if it is not a BCP 47 tag. */
function languageOf(tag: string): string | null {
  try {
    return new Intl.Locale(tag).language;
  } catch {
    return null;
  }
}

/** A BCP 47 tag whose language has a catalogue. */
export const localeSchema = z.string().superRefine((tag, context) => {
  const language = languageOf(tag);
  if (language === null || !languages().includes(language))
    context.addIssue({
      code: 'custom',
      message: `got ${tag}, expected a tag such as en-GB, with one of these languages: ${languages().join(', ')}`,
    });
});

/** Sets the language of the texts, and the format of numbers and dates, for this process. */
export function applyLocale(tag = 'en-US'): void {
  const language = languageOf(tag) ?? 'en';
  const read = (): Catalogue => JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8'));
  useLocale(tag, language === 'en' ? null : read());
}
