import { ask, Fault, outcomes, submit } from './request.mjs';
import { localize, toast } from './shell.mjs';
import { text } from './texts.mjs';

const sheet = document.getElementById('sheet');
const kinds = { done: 'ok', asked: 'waits', refused: 'bad', failed: 'bad' };
let opener = null;
let pending = 0;

/** Whether a press of this page is under way. */
export const isPressing = () => pending > 0;
export const isSheetOpen = () => sheet.open;

/** Called with { control, pressId, result, said } after a press had its effect. */
let afterPress = async () => {};
export const onPressed = (listener) => {
  afterPress = listener;
};

/** Results by button, so that they stay beside it when the section is drawn again. */
const results = new Map();
const keyOf = ({ dataset }) => [dataset.opens ?? dataset.action, dataset.of].filter(Boolean).join(' ');
const findByKey = (root, selector, key) =>
  [...root.querySelectorAll(selector)].find((control) => keyOf(control) === key);
const controls = ':is(.rail, [data-beside]) :is([data-opens], [data-action])';

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
    const beside = findByKey(root, controls, key);
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
  let done = { control };
  busy(button, true);
  pending += 1;
  try {
    const { pressId } = await submit(form, button);
    if (form.closest('dialog')) closeSheet();
    results.set(keyOf(control), { said: text('requested'), kind: 'waits' });
    showResults(document);
    await outcomes([pressId], ({ result, text: said }) => {
      done = { control, pressId, result, said: said || text('actionDone', name) };
      tell(control, done.said, kinds[result] ?? 'ok');
    });
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (fault.form) return form.closest('dialog') ? fill(fault.form, true) : refill(form, fault.form);
    const shown = form.querySelector('[data-fault]');
    if (shown && form.closest('dialog')) {
      shown.textContent = fault.message;
      if (fault.link) shown.append(' ', linkTo(fault.link));
    } else tell(control, fault.message, 'bad', fault.link);
    return;
  } finally {
    pending -= 1;
    busy(button, false);
  }
  await afterPress(done);
}

const linkTo = ({ href, text: words }) =>
  Object.assign(document.createElement('a'), { href, textContent: words });

document.addEventListener('submit', (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.id === 'press') {
    event.preventDefault();
    press(form, button, button, button.dataset.name ?? button.textContent);
  } else if (form.matches('[data-press]')) {
    event.preventDefault();
    press(form, button, button, form.dataset.actionName);
  } else if (form.matches('dialog .sheet')) {
    event.preventDefault();
    press(form, button, opener ?? button, form.dataset.actionName);
  }
});

/** Shows a page's form again, with its faults. */
function refill(form, markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const now = template.content.firstElementChild;
  form.replaceWith(now);
  localize(now);
  watchPreview(now);
  const first = now.querySelector('[aria-invalid]');
  (first ?? now.querySelector('[data-action]')).focus();
  toast(text('faults'), 'bad');
}

/** Shows a form in the dialog. */
function fill(markup, faulty = false) {
  sheet.innerHTML = markup;
  localize(sheet);
  watchPreview(sheet);
  const first = faulty
    ? sheet.querySelector('[aria-invalid]')
    : sheet.querySelector('input:not([type=hidden]), select, textarea');
  (first ?? sheet.querySelector('#sheet-title')).focus();
}

export async function openSheet(control) {
  opener = control;
  sheet.innerHTML = '<h2 id="sheet-title" tabindex="-1"></h2>';
  sheet.querySelector('h2').textContent = text('loading');
  if (!sheet.open) sheet.showModal();
  try {
    const response = await ask(control.href, { headers: { 'x-part': 'form', accept: 'text/html' } });
    fill(await response.text());
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    sheet.innerHTML =
      '<h2 id="sheet-title" tabindex="-1"></h2><p class="fault" role="alert"></p><div class="row"><button type="button" class="btn primary" data-again></button><button type="button" class="btn" data-cancel></button></div>';
    sheet.querySelector('h2').textContent = text('notLoaded');
    sheet.querySelector('[data-again]').textContent = text('tryAgain');
    sheet.querySelector('[data-cancel]').textContent = text('cancel');
    const shown = sheet.querySelector('.fault');
    shown.textContent = fault.message;
    if (fault.link) shown.append(' ', linkTo(fault.link));
    sheet.querySelector('[data-again]').addEventListener('click', () => openSheet(control));
    sheet.querySelector('#sheet-title').focus();
  }
}

function closeSheet() {
  sheet.close();
}
sheet.addEventListener('close', () => {
  sheet.innerHTML = '';
  const again = opener && findByKey(document, '[data-opens]', keyOf(opener));
  (opener?.isConnected ? opener : again)?.focus();
});

document.addEventListener('click', (event) => {
  const control = event.target.closest('[data-opens]');
  if (control && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openSheet(control);
  }
  if (event.target.closest('dialog [data-cancel]')) {
    event.preventDefault();
    closeSheet();
  }
  if (event.target === sheet) closeSheet();
});
document.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.target.matches?.('a[data-opens]')) {
    event.preventDefault();
    openSheet(event.target);
  }
});

const previewAfterMs = 150;

/** Says which alerts an exception would have suppressed, as typed. */
export function watchPreview(root) {
  const shown = root.querySelector('[data-preview]');
  if (!shown) return;
  const form = shown.closest('form');
  const show = ({ html, text: said }) => {
    if (html === undefined) shown.textContent = said;
    else shown.innerHTML = html;
    localize(shown);
  };
  let timer;
  let latest = 0;
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++latest;
      shown.setAttribute('aria-busy', 'true');
      try {
        const body = new URLSearchParams(new FormData(form));
        const response = await ask(shown.dataset.preview, {
          method: 'POST',
          body,
          headers: { accept: 'application/json' },
        });
        const preview = await response.json();
        if (mine === latest) show(preview);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        if (mine === latest) show({ text: text('noPreview') });
      } finally {
        if (mine === latest) shown.removeAttribute('aria-busy');
      }
    }, previewAfterMs);
  });
}
