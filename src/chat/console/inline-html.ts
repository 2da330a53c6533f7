import { durationWords } from '../../domain/text/duration';
import { clockText, secondsText, t } from '../../domain/text/translate';
import type { Fact, Inline } from '../inline';
import { type Html, html } from './html';

const inUtc = (iso: string, text: (at: string) => string): string =>
  Number.isNaN(Date.parse(iso)) ? '' : t`${text(iso)} UTC`;

/** A time in UTC, which the page's script shows in the reader's zone. */
export const timeHtml = (iso: string): Html =>
  html`<time datetime="${iso}" data-as="full">${inUtc(iso, secondsText)}</time>`;

/** Hour, minute and second only. */
export const clockHtml = (iso: string): Html =>
  html`<time datetime="${iso}" data-as="clock">${inUtc(iso, clockText)}</time>`;

/** How long ago it was, with the time as its title. */
export const ageHtml = (iso: string, now: number): Html =>
  html`<time datetime="${iso}" data-as="age" title="${inUtc(iso, secondsText)}">${durationWords(Math.max(0, now - Date.parse(iso)))}</time>`;

export const lineHtml = (parts: readonly Inline[]): Html[] =>
  parts.map((part) => {
    if (typeof part === 'string') return html`${part}`;
    if ('bold' in part) return html`<strong>${part.bold}</strong>`;
    if ('alarm' in part) return html`<strong class="alarm">${part.alarm}</strong>`;
    if ('code' in part) return html`<code>${part.code}</code>`;
    if ('bar' in part) return dailyBars(part.bar);
    if ('link' in part) return linkHtml(part);
    return timeHtml(part.time);
  });

/** A page of another system does not learn where the reader came from. */
const linkHtml = ({ text, link }: { text: string; link: string }): Html =>
  link.startsWith('/')
    ? html`<a href="${link}">${text}</a>`
    : html`<a href="${link}" rel="noreferrer">${text}</a>`;

export const factsHtml = (facts: readonly Fact[]): Html | false =>
  facts.length > 0 &&
  html`<dl class="facts">${facts.map(({ label, value }) => html`<dt>${label}</dt><dd>${lineHtml(value)}</dd>`)}</dl>`;

/** Daily counts as a bar chart. */
function dailyBars(counts: readonly number[]): Html {
  const top = Math.max(...counts, 1);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const bars = counts.map((count, i) => {
    const height = count === 0 ? 1 : Math.max(3, Math.round((count / top) * 24));
    return html`<rect x="${i * 8}" y="${26 - height}" width="6" height="${height}"/>`;
  });
  return html`<svg class="days" role="img" viewBox="0 0 ${counts.length * 8} 26" width="${counts.length * 8}" height="26" aria-label="${t`${total} executions in ${counts.length} days, at most ${top} a day`}">${bars}</svg>`;
}
