import { ask, Fault, outcomes, submit } from './request.mjs';
import { closeSheet, fillSheet, openSheet, sheetOpener, showFault } from './sheet.mjs';
import { toast } from './shell.mjs';
import { text } from './texts.mjs';

const kinds = { done: 'ok', asked: 'waits', refused: 'bad', failed: 'bad' };
let pending = 0;

/** Whether a press of this page is under way. */
export const isPressing = () => pending > 0;

/** Called after a press had its effect. */
let afterPress = async () => {};
export const onPressed = (listener) => {
  afterPress = listener;
};

/** Results by button, so that they stay beside it when the section is drawn again. */
const results = new Map();
const keyOf = (control) => control.dataset.opens ?? control.dataset.action;

function tell(control, said, kind, link) {
  const key = keyOf(control);
  if (key) results.set(key, { said, kind });
  showResults(document);
  toast(said, kind, link);
}

/** Puts each result below its button. Without the button it stays at the top of the next step. */
export function showResults(root) {
  for (const old of root.querySelectorAll('.result')) old.remove();
  for (const [key, { said, kind }] of results) {
    const beside = root.querySelector(`.rail [data-opens="${key}"], .rail [data-action="${key}"]`);
    const line = Object.assign(document.createElement('p'), {
      className: `result ${kind}`,
      textContent: said,
    });
    if (beside) beside.after(line);
    else root.querySelector('#part-next .stack')?.before(line);
  }
}

const busy = (button, is) => {
  if (!button) return;
  if (is) button.setAttribute('aria-disabled', 'true');
  else button.removeAttribute('aria-disabled');
};

/** Presses a button, waits for what became of it and says so. */
async function press(form, button, control, name) {
  if (button?.getAttribute('aria-disabled')) return;
  busy(button, true);
  pending += 1;
  try {
    const { pressId } = await submit(form, button);
    if (form.closest('dialog')) closeSheet();
    results.set(keyOf(control), { said: text('requested'), kind: 'waits' });
    showResults(document);
    await outcomes([pressId], ({ result, text: said }) => {
      tell(control, said || text('actionDone', name), kinds[result] ?? 'ok');
    });
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (fault.form) return fillSheet(fault.form, true);
    const shown = form.querySelector('[data-fault]');
    if (shown && form.closest('dialog')) showFault(shown, fault);
    else tell(control, fault.message, 'bad', fault.link);
    return;
  } finally {
    pending -= 1;
    busy(button, false);
  }
  await afterPress();
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.id === 'press') {
    event.preventDefault();
    press(form, button, button, button.textContent);
  } else if (form.matches('dialog .sheet')) {
    event.preventDefault();
    press(form, button, sheetOpener() ?? button, form.dataset.actionName);
  }
});

export const openForm = (control) =>
  openSheet(control, () => ask(control.href, { headers: { 'x-part': 'form', accept: 'text/html' } }));

document.addEventListener('click', (event) => {
  const control = event.target.closest('[data-opens]');
  if (control && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openForm(control);
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.target.matches?.('a[data-opens]')) {
    event.preventDefault();
    openForm(event.target);
  }
});
