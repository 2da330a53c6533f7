/** The page's language, such as "en". */
export const language = document.documentElement.lang;

const texts = JSON.parse(document.getElementById('texts').textContent);
const numbers = new Intl.NumberFormat(language);
const plurals = new Intl.PluralRules(language);

export const numberText = (value) => numbers.format(value);

/** A text of script-texts.ts with its values. A count's first value chooses the plural. */
export function text(id, ...values) {
  const known = texts[id];
  if (typeof known === 'object')
    return (known[plurals.select(values[0])] ?? known.other).replace('#', numberText(values[0]));
  return known.replace(/\{(\d+)\}/g, (_, index) => {
    const value = values[index];
    return typeof value === 'number' ? numberText(value) : value;
  });
}
