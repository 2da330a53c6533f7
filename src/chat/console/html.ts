import { numberText, templateOf } from '../../domain/text/translate';

/** HTML that is safe to send. Only this file creates it, and the demo of what Slack's renderer escaped. */
export class Html {
  constructor(readonly text: string) {}
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** HTML template tag. Escapes all values except Html, joins arrays, and omits null and false. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  return new Html(strings.map((text, i) => text + (i < values.length ? render(values[i]) : '')).join(''));
}

/** Data for the page's scripts, as JSON. No text in it can end the element. */
export const dataBlock = (id: string, data: unknown): Html =>
  html`<script type="application/json" id="${id}">${new Html(JSON.stringify(data).replaceAll('<', '\\u003c'))}</script>`;

/** A text that people read, as {@link html} with values: tHtml`Signed in as ${html`<strong>${name}</strong>`}`. */
export function tHtml(strings: TemplateStringsArray, ...values: Part[]): Html {
  const { parts, order } = templateOf(strings);
  const shown = order.map((index) => {
    const value = values[index];
    return render(typeof value === 'number' ? numberText(value) : value);
  });
  return new Html(parts.map((part, i) => `${escapeHtml(part)}${shown[i] ?? ''}`).join(''));
}

function render(value: Part): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value));
}
