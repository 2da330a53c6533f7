import { text } from './texts.mjs';

export const list = document.getElementById('list');
export const find = (selector) => list.querySelector(selector);
export const boxes = () => [...list.querySelectorAll('tbody input[name=id]')];
export const chosen = () => boxes().filter((box) => box.checked);

const groups = () => [...list.querySelectorAll('tbody[data-group]')];
const boxesIn = (group) => [...group.querySelectorAll('input[name=id]')];
/** Groups that are collapsed, also after the list is read again. */
const folded = new Set();

/** Shows how many are selected; without any, the bar is hidden. */
export function showSelection() {
  const bar = find('#bulk');
  if (!bar) return;
  const count = chosen().length;
  find('#selected').textContent = text('selected', count);
  find('#unselect').hidden = count === 0;
  bar.hidden = count === 0;
  mark(find('#select-all'), boxes());
  for (const group of groups()) {
    mark(group.querySelector('.pick-group'), boxesIn(group));
    fold(group, folded.has(group.dataset.group));
  }
}

/** A box for others: checked, unchecked or partly. */
function mark(box, others) {
  const count = others.filter((other) => other.checked).length;
  box.hidden = false;
  box.checked = count > 0 && count === others.length;
  box.indeterminate = count > 0 && count < others.length;
}

function fold(group, isFolded) {
  const button = group.querySelector('.fold');
  button.disabled = false;
  button.setAttribute('aria-expanded', String(!isFolded));
  group.classList.toggle('folded', isFolded);
}

export function select(some, checked = true) {
  for (const box of some) box.checked = checked;
  showSelection();
}

export function useSelection() {
  list.addEventListener('change', ({ target }) => {
    if (target.id === 'select-all') return select(boxes(), target.checked);
    if (target.matches('.pick-group')) return select(boxesIn(target.closest('tbody')), target.checked);
    showSelection();
  });
  list.addEventListener('click', ({ target }) => {
    if (target.matches('.fold')) {
      const group = target.closest('tbody');
      const { group: id } = group.dataset;
      if (!folded.delete(id)) folded.add(id);
      fold(group, folded.has(id));
    }
    if (target.id === 'unselect') {
      select(boxes(), false);
      find('.what')?.focus();
    }
  });
}
