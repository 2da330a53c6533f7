// Presses the forms that the chat opens, also beside the list.
import '/console/assets/press.mjs';
import { ask, Fault, outcomes, submit } from '/console/assets/request.mjs';
import { openSheet } from '/console/assets/sheet.mjs';
import { onAlert, toast } from '/console/assets/shell.mjs';

const shown = document.getElementById('slack-messages');
const form = document.getElementById('slack-form');
const sheet = document.getElementById('sheet');
const kinds = { done: 'ok', asked: 'waits', refused: 'bad', failed: 'bad' };
/** The chat changes a moment after the alert. */
const waitsMs = [100, 300, 700, 1500, 3000];
let timer;

async function refresh(tries = 0) {
  try {
    const url = `/console/demo/chat?alert=${encodeURIComponent(shown.dataset.alert)}`;
    const markup = await (await ask(url)).text();
    const template = document.createElement('template');
    template.innerHTML = markup;
    if (template.innerHTML !== shown.innerHTML) replace(template.content);
    else later(tries + 1);
  } catch {
    later(tries + 1);
  }
}

/** Open parts stay open, and the focus stays on the button that has the same place. */
function replace(content) {
  const open = [...shown.querySelectorAll('details')].map((details) => details.open);
  const controls = [...shown.querySelectorAll('button, a, summary')];
  const focused = controls.indexOf(document.activeElement);
  shown.replaceChildren(content);
  for (const [i, details] of shown.querySelectorAll('details').entries()) details.open = open[i] ?? false;
  if (focused >= 0) (shown.querySelectorAll('button, a, summary')[focused] ?? shown).focus();
}

function later(tries) {
  clearTimeout(timer);
  if (tries < waitsMs.length) timer = setTimeout(() => refresh(tries), waitsMs[tries]);
}
onAlert(() => later(0));

/** What a button presses: a menu's option has the alert, the action and the choice in its value. */
function pressOf(button) {
  const [alert, action, choice] = button.closest('.menu') ? button.dataset.value.split(' ') : [];
  const approvalId = /^approval\.(.+)/.exec(button.closest('[data-block-id]')?.dataset.blockId ?? '')?.[1];
  return {
    alert: alert ?? button.dataset.value,
    action: action ?? button.dataset.actionId,
    choice,
    approvalId,
  };
}

async function press(button) {
  if (button.getAttribute('aria-disabled')) return;
  const { alert, action, choice, approvalId } = pressOf(button);
  const url = `/console/demo/alerts/${encodeURIComponent(alert)}/${encodeURIComponent(action)}`;
  form.setAttribute('action', url);
  for (const old of form.querySelectorAll('[data-extra]')) old.remove();
  for (const [name, value] of Object.entries({ choice, approvalId }))
    if (value) {
      const input = Object.assign(document.createElement('input'), { type: 'hidden', name, value });
      input.dataset.extra = '';
      form.append(input);
    }
  button.setAttribute('aria-disabled', 'true');
  try {
    const { pressId, opens, page } = await submit(form);
    if (page) location.assign(page);
    else if (opens) await openForm(button, opens, url);
    else
      await outcomes([pressId], ({ result, text }) =>
        toast(text || `${button.textContent}: done.`, kinds[result] ?? 'ok'),
      );
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    toast(fault.message, 'bad', fault.link);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** The action's form, as the console has it, that presses in the chat. */
async function openForm(button, href, url) {
  const control = { dataset: {}, isConnected: true, focus: () => button.focus() };
  await openSheet(control, () => ask(href, { headers: { 'x-part': 'form', accept: 'text/html' } }));
  sheet.querySelector('form')?.setAttribute('action', `${url}?form`);
}

shown.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) press(button);
});
