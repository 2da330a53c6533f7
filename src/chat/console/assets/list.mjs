import { useKeys } from './keys.mjs';
import { Fault, getJson, getPage, outcomes, submit } from './request.mjs';
import { localize, onAlert, toast } from './shell.mjs';
import { numberText, text } from './texts.mjs';

const list = document.getElementById('list');
const find = (selector) => list?.querySelector(selector);
const boxes = () => [...(list?.querySelectorAll('tbody input[name=id]') ?? [])];
const chosen = () => boxes().filter((box) => box.checked);
const waiting = new Set();
const changedIds = new Set();
let timer;
const opened = Date.now();

/** Shows how many are selected; without any, the bar is hidden. */
function showSelection() {
  const bar = find('#bulk');
  if (!bar) return;
  const count = chosen().length;
  find('#selected').textContent = text('selected', count);
  find('#unselect').hidden = count === 0;
  bar.hidden = count === 0 && find('#results').hidden;
  const all = find('#select-all');
  all.hidden = false;
  all.checked = count > 0 && count === boxes().length;
  all.indeterminate = count > 0 && count < boxes().length;
}

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
  const first = boxes()
    .find(({ value }) => !seen.has(value))
    ?.closest('tr');
  const row = (focused && document.getElementById(focused)) || first;
  if (!document.activeElement?.matches('input, select')) row?.querySelector('.what').focus();
}

/** Presses an action for each selected alert, and lists what became of each. */
async function bulk(form, button) {
  if (button.getAttribute('aria-disabled')) return;
  const ids = chosen().map(({ value }) => value);
  if (ids.length === 0) return toast(text('selectFirst'), 'waits');
  if (button.value === 'close' && !form.elements.as.value) {
    form.elements.as.focus();
    return toast(text('chooseWhy'), 'bad');
  }
  button.setAttribute('aria-disabled', 'true');
  const shown = find('#results');
  const lines = new Map(
    ids.map((id) => [
      id,
      Object.assign(document.createElement('li'), { textContent: text('alertRequested', id) }),
    ]),
  );
  const count = { done: 0, asked: 0, refused: 0, failed: 0 };
  const say = (id, result, said) => {
    count[result] += 1;
    const line = lines.get(id);
    line.textContent = !said ? text('alertDone', id) : said.startsWith(id) ? said : `${id}: ${said}`;
    line.className = result === 'done' ? '' : 'bad';
  };
  try {
    const { results } = await submit(form, button);
    shown.replaceChildren(...lines.values());
    shown.hidden = false;
    for (const open of list.querySelectorAll('.pop[open]')) open.open = false;
    for (const { id, error } of results) if (error) say(id, 'refused', error);
    const byPress = new Map(results.filter(({ pressId }) => pressId).map(({ id, pressId }) => [pressId, id]));
    await outcomes([...byPress.keys()], ({ pressId, result, text: said }) =>
      say(byPress.get(pressId), result, said),
    );
    const parts = Object.keys(count)
      .filter((result) => count[result] > 0)
      .map((result) => text(result, count[result]));
    const isGood = count.refused + count.failed === 0;
    toast(
      text('results', button.dataset.name ?? button.textContent, parts.join(', ')),
      isGood ? 'ok' : 'bad',
    );
    for (const box of chosen()) box.checked = !isGood && lines.get(box.value)?.className === 'bad';
    for (const id of ids) changedIds.add(id);
    await readRows();
    await readCounts();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    toast(fault.message, 'bad', fault.link);
  } finally {
    button.removeAttribute('aria-disabled');
    showSelection();
  }
}

if (list) {
  list.addEventListener('change', (event) => {
    if (event.target.id === 'select-all') for (const box of boxes()) box.checked = event.target.checked;
    const results = find('#results');
    if (results) results.hidden = true;
    showSelection();
  });
  list.addEventListener('click', (event) => {
    if (event.target.id === 'fresh') reload();
    if (event.target.id === 'unselect') {
      for (const box of boxes()) box.checked = false;
      find('#results').hidden = true;
      showSelection();
      find('.what')?.focus();
    }
  });
  list.addEventListener('submit', (event) => {
    // Its check boxes are named id, so `target.id` is not its id.
    if (!event.target.matches('#bulk-form')) return;
    event.preventDefault();
    bulk(event.target, event.submitter);
  });
  onAlert(({ id, rev, at }) => {
    const row = document.getElementById(id);
    if (row ? rev === undefined || Number(row.dataset.rev) < rev : !at || Date.parse(at) > opened) {
      changedIds.add(id);
      later();
    }
  });
  useKeys(list, { showSelection, chosen });
  showSelection();
}
