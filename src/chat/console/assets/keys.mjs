import { pressBar } from './bulk.mjs';
import { chosen, list, select } from './selection.mjs';

const setting = 'runwatch-keys';

/** Keys of the list: j k x a c o / and ?. They can be turned off, because speech input types letters. */
export function useKeys() {
  const help = document.getElementById('help');
  const toggle = document.getElementById('use-keys');
  toggle.checked = localStorage.getItem(setting) !== 'off';
  toggle.addEventListener('change', () => localStorage.setItem(setting, toggle.checked ? 'on' : 'off'));

  const rows = () => [...list.querySelectorAll('tbody:not(.folded) tr, tbody.folded tr.group')];
  const current = () => document.activeElement?.closest?.('tbody tr') ?? null;
  /** What is focused in a row: the alert, or the heading of a group. */
  const mainOf = (row) => row?.querySelector('.what, .fold');

  function move(by) {
    const all = rows();
    const at = all.indexOf(current());
    const next = mainOf(all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))]);
    // Focus alone would move a row that is out of view to the middle of the window.
    next?.focus({ preventScroll: true });
    next?.closest('tr').scrollIntoView({ block: 'nearest' });
  }

  /** The row or the group becomes the selection if there is none. */
  function hasSelection() {
    if (chosen().length > 0) return true;
    const row = current();
    const of = row?.matches('.group') ? row.parentElement : row;
    select([...(of?.querySelectorAll('input[name=id]') ?? [])]);
    return chosen().length > 0;
  }

  const actions = {
    j: () => move(1),
    k: () => move(-1),
    x: () => current()?.querySelector('input[type=checkbox]').click(),
    a: () => hasSelection() && pressBar('acknowledge'),
    c: () => hasSelection() && pressBar('close'),
    o: () => mainOf(current())?.click(),
    '/': () => list.querySelector('#search').focus(),
    '?': () => help.showModal(),
  };

  document.addEventListener('keydown', (event) => {
    const typing = event.target.matches?.('input:not([type=checkbox]), textarea, select');
    if (!toggle.checked && event.key !== '?') return;
    if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]'))
      return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
