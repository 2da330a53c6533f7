import { isPressing, onPressed, showResults } from './press.mjs';
import { getPage } from './request.mjs';
import { isSheetOpen } from './sheet.mjs';
import { localize, onAlert, toast } from './shell.mjs';
import { text } from './texts.mjs';

const head = document.getElementById('alert');
const fresh = document.getElementById('fresh');
const rail = document.querySelector('.rail');
let newest = null;
let waits = false;

/** Where the focus is within a section, to find it again in the section that replaces it. */
function focusIn(section) {
  const active = document.activeElement;
  if (!section.contains(active)) return null;
  const { opens, action, opensPart } = active.dataset;
  const key = opens
    ? `[data-opens="${opens}"]`
    : action
      ? `[data-action="${action}"]`
      : opensPart
        ? `[data-opens-part="${opensPart}"]`
        : null;
  return { key };
}

function replace(old, now) {
  const focused = focusIn(old);
  const open = [...old.querySelectorAll('details[open] > summary')].map(({ dataset }) => dataset.opensPart);
  localize(now);
  for (const summary of now.querySelectorAll('summary'))
    if (open.includes(summary.dataset.opensPart)) summary.parentElement.open = true;
  old.replaceWith(now);
  if (!focused) return;
  const again =
    (focused.key && now.querySelector(focused.key)) ||
    now.querySelector('[tabindex="-1"]') ||
    document.querySelector('#part-next [tabindex="-1"]');
  again?.focus({ preventScroll: true });
}

/** Draws the sections again that may change at once. Others wait until the reader asks for them. */
function draw(page, how) {
  const now = page.getElementById('alert');
  if (!now) return;
  head.dataset.rev = now.dataset.rev;
  document.getElementById('open-count').textContent = page.getElementById('open-count').textContent;
  let left = 0;
  for (const section of page.querySelectorAll('[data-part]')) {
    const shown = document.getElementById(section.id);
    if (!shown || shown.dataset.version === section.dataset.version) continue;
    if (section.dataset.part !== 'calm' || how === 'all') replace(shown, section);
    else left += 1;
    if (section.dataset.part === 'asked' && how === 'pressed') section.scrollIntoView({ block: 'nearest' });
  }
  if (how === 'all' || now.querySelector('.pill').textContent !== head.querySelector('.pill').textContent) {
    localize(now);
    head.innerHTML = now.innerHTML;
  }
  fresh.hidden = left === 0;
  fresh.textContent = text('newFacts');
  showResults(document);
}

async function refresh(how) {
  waits = false;
  try {
    newest = await getPage(location.pathname);
    draw(newest, how);
  } catch {
    // The bar says that Runwatch does not answer; the next change is read again.
  }
}

/** Buttons do not move away under the pointer. */
const isHeld = () => !isPressing() && (rail.matches(':hover') || isSheetOpen());
let timer;

function changed() {
  if (isHeld()) {
    waits = true;
    fresh.hidden = false;
    fresh.textContent = text('newFacts');
  } else {
    clearTimeout(timer);
    timer = setTimeout(() => refresh('live'), 150);
  }
}

if (head) {
  onPressed(() => refresh('pressed'));
  onAlert(({ id, rev }) => {
    if (id === head.dataset.id && !(rev !== undefined && Number(head.dataset.rev) >= rev)) changed();
  });
  rail.addEventListener('pointerleave', () => waits && changed());
  document.getElementById('sheet').addEventListener('close', () => waits && changed());
  fresh.addEventListener('click', () => (waits ? refresh('all') : newest && draw(newest, 'all')));
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(text('copied', button.textContent));
  } catch {
    toast(text('cannotCopy'), 'bad');
  }
});
