import { ask, Fault } from './request.mjs';
import { toast } from './shell.mjs';

const chain = document.getElementById('chain');
const everyMs = 1000;

/** Shows how far a check of the log is, and then its result. */
async function follow() {
  if (!('running' in chain.dataset)) return;
  await new Promise((done) => setTimeout(done, everyMs));
  try {
    const response = await ask(`/console/audit/chain${location.search}`, {
      headers: { accept: 'text/html' },
    });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const now = page.getElementById('chain');
    chain.className = now.className;
    if (!('running' in now.dataset)) {
      delete chain.dataset.running;
      chain.removeAttribute('aria-busy');
    }
    chain.innerHTML = now.innerHTML;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return toast(fault.message, 'bad', fault.link);
  }
  await follow();
}

if (chain) await follow();
