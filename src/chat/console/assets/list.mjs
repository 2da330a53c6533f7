import { showResults, useBulk } from './bulk.mjs';
import { useKeys } from './keys.mjs';
import { getJson, getPage } from './request.mjs';
import { boxes, chosen, find, list, showSelection, useSelection } from './selection.mjs';
import { localize, onAlert, toast } from './shell.mjs';
import { numberText, text } from './texts.mjs';

const waiting = new Set();
const changedIds = new Set();
let timer;
const opened = Date.now();

/** Draws changed rows where they are, and counts those that are new. */
async function readRows() {
  const ids = [...changedIds].slice(0, 50);
  for (const id of ids) changedIds.delete(id);
  if (ids.length === 0) return;
  const query = new URLSearchParams(list.dataset.query);
  query.set('ids', ids.join(','));
  let answer;
  try {
    answer = await getJson(`/console/rows?${query}`);
  } catch {
    return;
  }
  document.getElementById('open-count').textContent = numberText(answer.open);
  for (const { id, listed, html } of answer.rows) {
    const row = document.getElementById(id);
    if (row) redraw(row, html, listed);
    else if (listed && list.dataset.later === undefined) waiting.add(id);
  }
  // In an empty list, nothing is read that new alerts could move.
  if (waiting.size > 0 && boxes().length === 0) await reload();
  announce();
  if (changedIds.size > 0) later();
}

function redraw(row, markup, listed) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const now = template.content.querySelector('tr');
  if (Number(row.dataset.rev) >= Number(now.dataset.rev)) return;
  localize(now);
  row.dataset.rev = now.dataset.rev;
  row.classList.toggle('gone', !listed);
  // The cells are changed one by one, so that the focus and the selection stay.
  for (const name of ['c-sev', 'c-why', 'c-env', 'c-state', 'c-own'])
    row.querySelector(`.${name}`).replaceWith(now.querySelector(`.${name}`));
  row.querySelector('.sub').replaceWith(now.querySelector('.sub'));
}

function announce() {
  const fresh = find('#fresh');
  const count = waiting.size;
  fresh.textContent = text('newAlerts', count);
  fresh.hidden = count === 0;
}

const later = () => {
  clearTimeout(timer);
  timer = setTimeout(readRows, 300);
};

/** Reads the numbers above the table again. */
async function readCounts() {
  const page = await getPage(location.href);
  for (const part of ['.views', '.strip']) {
    const now = page.querySelector(part);
    if (now) find(part).innerHTML = now.innerHTML;
  }
}

/** Reads the list again. The selection and the focus are kept. */
async function reload() {
  const kept = new Set(chosen().map(({ value }) => value));
  const focused = document.activeElement?.closest('tr')?.id;
  let page;
  try {
    page = await getPage(location.href);
  } catch (fault) {
    return toast(fault.message, 'bad', fault.link);
  }
  const now = page.getElementById('list');
  if (!now) return;
  const seen = new Set(boxes().map(({ value }) => value));
  localize(now);
  list.innerHTML = now.innerHTML;
  document.getElementById('open-count').textContent = page.getElementById('open-count').textContent;
  for (const box of boxes()) box.checked = kept.has(box.value);
  waiting.clear();
  showSelection();
  showResults();
  const first = boxes()
    .find(({ value }) => !seen.has(value))
    ?.closest('tr');
  const row = (focused && document.getElementById(focused)) || first;
  if (!document.activeElement?.matches('input, select')) row?.querySelector('.what').focus();
}

if (list) {
  useSelection();
  useBulk(async (ids) => {
    for (const id of ids) changedIds.add(id);
    await readRows();
    await readCounts();
  });
  list.addEventListener('click', ({ target }) => {
    if (target.id === 'fresh') reload();
  });
  onAlert(({ id, rev, at }) => {
    const row = document.getElementById(id);
    if (row ? rev === undefined || Number(row.dataset.rev) < rev : !at || Date.parse(at) > opened) {
      changedIds.add(id);
      later();
    }
  });
  useKeys();
  showSelection();
}
