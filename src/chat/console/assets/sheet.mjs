import { ask, Fault } from './request.mjs';
import { localize } from './shell.mjs';
import { text } from './texts.mjs';

const sheet = document.getElementById('sheet');
let opener = null;

export const isSheetOpen = () => sheet.open;
/** The control that opened the dialog. */
export const sheetOpener = () => opener;
export const closeSheet = () => sheet.close();

/** The same for a control after its section is drawn again. */
export const keyOf = ({ dataset }) => [dataset.opens ?? dataset.action, dataset.of].filter(Boolean).join(' ');
export const findByKey = (root, selector, key) =>
  [...root.querySelectorAll(selector)].find((control) => keyOf(control) === key);

const linkTo = ({ href, text: words }) =>
  Object.assign(document.createElement('a'), { href, textContent: words });

/** Shows a fault in an element, with what to do about it. */
export function showFault(shown, { message, link }) {
  shown.textContent = message;
  if (link) shown.append(' ', linkTo(link));
}

/** Shows a form in the dialog. */
export function fillSheet(markup, faulty = false) {
  sheet.innerHTML = markup;
  localize(sheet);
  watchPreview(sheet);
  const first = faulty
    ? sheet.querySelector('[aria-invalid]')
    : sheet.querySelector('input:not([type=hidden]), select, textarea');
  (first ?? sheet.querySelector('#sheet-title')).focus();
}

/**
 * Opens the dialog, and shows in it what `load` answers.
 * @param {() => Promise<Response>} load
 */
export async function openSheet(control, load) {
  opener = control;
  sheet.innerHTML = '<h2 id="sheet-title" tabindex="-1"></h2>';
  sheet.querySelector('h2').textContent = text('loading');
  if (!sheet.open) sheet.showModal();
  try {
    fillSheet(await (await load()).text());
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    sheet.innerHTML =
      '<h2 id="sheet-title" tabindex="-1"></h2><p class="fault" role="alert"></p><div class="row"><button type="button" class="btn primary" data-again></button><button type="button" class="btn" data-cancel></button></div>';
    sheet.querySelector('h2').textContent = text('notLoaded');
    sheet.querySelector('[data-again]').textContent = text('tryAgain');
    sheet.querySelector('[data-cancel]').textContent = text('cancel');
    showFault(sheet.querySelector('.fault'), fault);
    sheet.querySelector('[data-again]').addEventListener('click', () => openSheet(control, load));
    sheet.querySelector('#sheet-title').focus();
  }
}

// The browser gives the focus back, unless what had it was drawn again.
sheet.addEventListener('close', () => {
  sheet.innerHTML = '';
  if (document.activeElement !== document.body) return;
  const again = opener && findByKey(document, '[data-opens]', keyOf(opener));
  (opener?.isConnected ? opener : again)?.focus();
});
document.addEventListener('click', (event) => {
  if (event.target.closest('dialog [data-cancel]')) {
    event.preventDefault();
    closeSheet();
  }
  if (event.target === sheet) closeSheet();
});

const previewAfterMs = 150;

/** A field that was typed in before this script was loaded, or that the browser restored. */
const isChanged = ({ type, value, defaultValue, checked, defaultChecked }) =>
  type === 'checkbox'
    ? checked !== defaultChecked
    : (type === 'text' || type === 'textarea') && value !== defaultValue;

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
  async function refresh() {
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
  }
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, previewAfterMs);
  });
  if ([...form.elements].some(isChanged)) refresh();
}
