const setting = 'runwatch-keys';

/**
 * Keys of the list: j k x a c o / and ?. They can be turned off, because speech input types letters.
 * @param {HTMLElement} list
 */
export function useKeys(list, { showSelection, chosen }) {
  const help = document.getElementById('help');
  const toggle = document.getElementById('use-keys');
  toggle.checked = localStorage.getItem(setting) !== 'off';
  toggle.addEventListener('change', () => localStorage.setItem(setting, toggle.checked ? 'on' : 'off'));

  const rows = () => [...list.querySelectorAll('tbody tr[id]')];
  const current = () => document.activeElement?.closest?.('tbody tr[id]') ?? null;

  function move(by) {
    const all = rows();
    const at = all.indexOf(current());
    const next = all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
    // Focus alone would move a row that is out of view to the middle of the window.
    next?.querySelector('.what').focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  }

  /** The row becomes the selection if there is none. */
  function selectCurrent() {
    if (chosen().length > 0) return true;
    const box = current()?.querySelector('input[name=id]');
    if (!box) return false;
    box.checked = true;
    showSelection();
    return true;
  }

  const actions = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const box = current()?.querySelector('input[name=id]');
      if (!box) return;
      box.checked = !box.checked;
      box.dispatchEvent(new Event('change', { bubbles: true }));
    },
    a: () => selectCurrent() && list.querySelector('#bulk [data-key=a]').click(),
    c: () => {
      if (!selectCurrent()) return;
      list.querySelector('#bulk [data-key=c]').parentElement.open = true;
      list.querySelector('#bulk-as').focus();
    },
    o: () => current()?.querySelector('.what').click(),
    '/': () => list.querySelector('#search').focus(),
    '?': () => help.showModal(),
  };

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      const open = list.querySelector('.pop[open]');
      if (!open) return;
      open.open = false;
      open.querySelector('summary').focus();
      return;
    }
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
