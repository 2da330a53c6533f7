/** What went wrong with a request, for the reader. */
export class Fault extends Error {
  /** @param {{ form?: string, link?: { href: string, text: string } }} [more] */
  constructor(message, more = {}) {
    super(message);
    this.form = more.form;
    this.link = more.link;
  }
}

const offline = 'You’re offline, so nothing was sent. Try again when you’re connected.';
const unanswered =
  'Runwatch didn’t answer, so it’s unknown whether this arrived. Check the alert, then try again.';
const unread = 'Runwatch didn’t answer. Check your connection and try again.';

/** Sends a request to Runwatch. @throws {Fault} that says what happened and what to do */
export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: 'same-origin', redirect: 'manual', ...options });
  } catch {
    if (!navigator.onLine) throw new Fault(offline);
    throw new Fault(options.method === 'POST' ? unanswered : unread);
  }
  if (response.ok) return response;
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const body = isJson ? await response.json().catch(() => ({})) : {};
  // Without a session, a page redirects to the sign-in.
  if (response.status === 401 || response.type === 'opaqueredirect')
    throw new Fault('Your session has expired. Nothing was done.', {
      link: { href: location.href, text: 'Sign in again' },
    });
  if (body.form) throw new Fault('Some of the fields need your attention.', { form: body.form });
  if (body.error) throw new Fault(body.error);
  if (response.status === 403) throw new Fault('This isn’t allowed. Reload the page and try again.');
  if (response.status === 429) throw new Fault('Too many requests. Wait a minute, then try again.');
  if (response.status >= 500)
    throw new Fault(`Runwatch isn’t available right now (error ${response.status}). Try again in a moment.`);
  throw new Fault(`Runwatch refused the request (error ${response.status}).`);
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

const firstWaitMs = 120;
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
    for (const { pressId, result, text } of results)
      if (result && waiting.delete(pressId)) told({ pressId, result, text });
  }
  for (const pressId of waiting)
    told({ pressId, result: 'asked', text: 'Still in progress. The result will be on the alert.' });
}
