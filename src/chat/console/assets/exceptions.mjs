import { onPressed, showResults } from './press.mjs';
import { Fault, getPage } from './request.mjs';
import { watchPreview } from './sheet.mjs';
import { localize, toast } from './shell.mjs';

const list = document.getElementById('exceptions');
const form = document.getElementById('new-exception');

/** A row that is gone leaves what became of it in its place, where the focus can stay. */
function leaveMessage(row, said) {
  const cell = Object.assign(document.createElement('td'), { colSpan: row.cells.length, textContent: said });
  row.className = 'gone';
  row.replaceChildren(cell);
  row.tabIndex = -1;
  row.focus();
}

/** Draws the row of the pressed button again. The focus stays on the button. */
async function redraw({ control, said }) {
  const id = `row-${control.dataset.of}`;
  const row = document.getElementById(id);
  const page = await getPage(location.href);
  const tabs = page.querySelector('#exceptions .views');
  if (tabs) list.querySelector('.views').innerHTML = tabs.innerHTML;
  const now = page.getElementById(id);
  if (!row) return;
  if (!now) return leaveMessage(row, said);
  const { action, opens } = document.activeElement?.dataset ?? {};
  const isHere = row.contains(document.activeElement);
  localize(now);
  row.replaceWith(now);
  showResults(document);
  if (!isHere) return;
  const again = now.querySelector(opens ? `[data-opens="${opens}"]` : `[data-action="${action}"]`);
  (again ?? now.querySelector('a, button'))?.focus();
}

onPressed(async (press) => {
  if (press.control.dataset.action === 'create_exception') {
    if (press.result === 'done')
      location.assign(`/console/exceptions?outcome=${encodeURIComponent(press.pressId)}`);
    return;
  }
  list.setAttribute('aria-busy', 'true');
  try {
    await redraw(press);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    toast(fault.message, 'bad', fault.link);
  } finally {
    list.removeAttribute('aria-busy');
  }
});

if (form) watchPreview(form);
