import { durationWords } from '../../domain/text/duration';
import type { Fact, Inline } from '../inline';
import { type Html, html } from './html';

const format = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat('en-US', { ...options, hourCycle: 'h23', timeZone: 'UTC' });
  return (iso: string) => {
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? '' : `${formatter.format(at)} UTC`;
  };
};
const fullText = format({ dateStyle: 'medium', timeStyle: 'medium' });
const clockText = format({ timeStyle: 'medium' });

/** A time in UTC, which the page's script shows in the reader's zone. */
export const timeHtml = (iso: string): Html =>
  html`<time datetime="${iso}" data-as="full">${fullText(iso)}</time>`;

/** Hour, minute and second only. */
export const clockHtml = (iso: string): Html =>
  html`<time datetime="${iso}" data-as="clock">${clockText(iso)}</time>`;

/** How long ago it was, with the time as its title. */
export const ageHtml = (iso: string, now: number): Html =>
  html`<time datetime="${iso}" data-as="age" title="${fullText(iso)}">${durationWords(Math.max(0, now - Date.parse(iso)))}</time>`;

export const lineHtml = (parts: readonly Inline[]): Html[] =>
  parts.map((part) => {
    if (typeof part === 'string') return html`${part}`;
    if ('bold' in part) return html`<strong>${part.bold}</strong>`;
    if ('alarm' in part) return html`<strong class="alarm">${part.alarm}</strong>`;
    if ('code' in part) return html`<code>${part.code}</code>`;
    if ('bar' in part) return dailyBars(part.bar);
    if ('link' in part) return html`<a href="${part.link}">${part.text}</a>`;
    return timeHtml(part.time);
  });

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
  return html`<svg class="days" role="img" viewBox="0 0 ${counts.length * 8} 26" width="${counts.length * 8}" height="26" aria-label="${total} executions in ${counts.length} days, at most ${top} a day">${bars}</svg>`;
}
