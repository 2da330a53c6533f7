import { text } from './texts.mjs';

/** What went wrong with a request, for the reader. */
export class Fault extends Error {
  /** @param {{ form?: string, link?: { href: string, text: string } }} [more] */
  constructor(message, more = {}) {
    super(message);
    this.form = more.form;
    this.link = more.link;
  }
}

/** Sends a request to Runwatch. @throws {Fault} that says what happened and what to do */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin', redirect: 'manual', ...options });
  } catch {
    if (!navigator.onLine) throw new Fault(text('notSent'));
    throw new Fault(text(options.method === 'POST' ? 'unanswered' : 'unread'));
  }
  if (response.ok) return response;
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const body = isJson ? await response.json().catch(() => ({})) : {};
  // Without a session, a page redirects to the sign-in.
  if (response.status === 401 || response.type === 'opaqueredirect')
    throw new Fault(text('expired'), {
      link: { href: location.href, text: text('signInAgain') },
    });
  if (body.form) throw new Fault(text('faults'), { form: body.form });
  if (body.error) throw new Fault(body.error);
  if (response.status === 403) throw new Fault(text('notAllowed'));
  if (response.status === 429) throw new Fault(text('tooMany'));
  if (response.status >= 500) throw new Fault(text('unavailable', response.status));
  throw new Fault(text('refusedRequest', response.status));
}

const json = { accept: 'application/json' };

export const getJson = async (url) => (await ask(url, { headers: json })).json();

/** Fetches a page of ours as a document. */
export async function getPage(url) {
  const response = await ask(url, { headers: { accept: 'text/html' } });
  return new DOMParser().parseFromString(await response.text(), 'text/html');
}

/** Submits a form. The nonce stays the same until there is an answer, so that trying again presses once. */
export async function submit(form, button) {
  // A form's own fields may be named action, so `form.action` can be one of them.
  const url = button?.getAttribute('formaction') ?? form.getAttribute('action');
  const key = `${url} ${button?.value ?? ''}`;
  form.nonces ??= new Map();
  const { nonces } = form;
  const nonce = nonces.get(key) ?? crypto.randomUUID();
  nonces.set(key, nonce);
  const data = new FormData(form, button ?? undefined);
  data.set('nonce', nonce);
  try {
    const response = await ask(url, { method: 'POST', body: new URLSearchParams(data), headers: json });
    nonces.delete(key);
    return await response.json();
  } catch (fault) {
    if (fault.form) nonces.delete(key);
    throw fault;
  }
}

const firstWaitMs = 40;
const longestWaitMs = 1500;
const patienceMs = 120_000;

/** Waits for what became of presses. Calls `told` once for each; those that take too long stay unknown. */
export async function outcomes(pressIds, told) {
  const waiting = new Set(pressIds);
  const start = Date.now();
  let wait = firstWaitMs;
  while (waiting.size > 0 && Date.now() - start < patienceMs) {
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 1.4, longestWaitMs);
    const query = new URLSearchParams([...waiting].map((id) => ['id', id]));
    const { results } = await getJson(`/console/presses?${query}`);
    for (const outcome of results) if (outcome.result && waiting.delete(outcome.pressId)) told(outcome);
  }
  for (const pressId of waiting) told({ pressId, result: 'asked', text: text('inProgress') });
}
