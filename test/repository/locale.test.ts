import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
type Text = string | Record<string, string>;
const catalogueIn = (file: string): Record<string, Text> =>
  JSON.parse(readFileSync(join(root, 'locales', file), 'utf8'));
const run = (...args: string[]) =>
  execFileSync(process.execPath, ['scripts/locale.mjs', ...args], { cwd: root, encoding: 'utf8' });
const english = catalogueIn('en.json');

test('locales/en.json has every text in the code: node scripts/locale.mjs', () => {
  expect(JSON.parse(run('--print'))).toEqual(english);
  expect(Object.keys(english)).toEqual(Object.keys(english).sort());
  for (const [key, text] of Object.entries(english))
    expect(typeof text === 'string' ? text : text.other).toBe(key);
});

test('every text that people read in chat is marked: t`…`, counted(…) or phrase(…)', () => {
  expect(JSON.parse(run('--unmarked'))).toEqual([]);
});

const valuesIn = (text: string) => (text.match(/\{\d+\}|#/g) ?? []).sort();
const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));

describe.each(readdirSync(join(root, 'locales')))('%s', (file) => {
  const catalogue = catalogueIn(file);
  const language = file.replace('.json', '');

  test('has the same placeholders as the English texts, and no other texts', () => {
    const wrong = Object.entries(catalogue).filter(([key, text]) =>
      typeof english[key] === 'object'
        ? typeof text !== 'object' || formsOf(text).some((form) => /\{\d+\}/.test(form))
        : formsOf(text).some((form) => String(valuesIn(form)) !== String(valuesIn(key))) || !english[key],
    );
    expect(wrong).toEqual([]);
  });

  test('has a text for each plural category of its language', () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    const wrong = Object.values(catalogue).filter(
      (text) => typeof text === 'object' && pluralCategories.some((category) => !text[category]),
    );
    expect(wrong).toEqual([]);
  });
});
