import { language, text } from './texts.mjs';

/** The reader's variant of the page's language, such as en-GB. */
const reader = navigator.languages.find((one) => one.split('-')[0] === language) ?? language;
const full = new Intl.DateTimeFormat(reader, { dateStyle: 'full', timeStyle: 'long' });
const short = {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
};
const thisYear = new Intl.DateTimeFormat(reader, short);
const otherYear = new Intl.DateTimeFormat(reader, { ...short, year: 'numeric' });
const clock = new Intl.DateTimeFormat(reader, { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(reader, { dateStyle: 'full' });
const zoneOf = (at) => full.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** As durationWords on the server. */
function age(ms) {
  const minute = 60_000;
  if (ms < 2 * minute) return text('seconds', Math.round(ms / 1000));
  if (ms < 120 * minute) return text('minutes', Math.round(ms / minute));
  const hours = ms / (60 * minute);
  return hours < 48 ? text('hours', Math.round(hours)) : text('days', Math.round(hours / 24));
}

/** Shows times in the reader's zone. */
export function localize(root) {
  for (const time of root.querySelectorAll('time[data-as]')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = full.format(at);
    const how = time.dataset.as;
    const isThisYear = at.getFullYear() === new Date().getFullYear();
    time.textContent =
      how === 'age'
        ? age(Math.max(0, Date.now() - at))
        : (how === 'clock' ? clock : isThisYear ? thisYear : otherYear).format(at);
  }
  let before = '';
  for (const item of root.querySelectorAll('.tl li')) {
    const at = new Date(item.querySelector('time').dateTime);
    const named = `${day.format(at)}, ${zoneOf(at)}`;
    item.classList.toggle('day', named !== before);
    item.dataset.day = named;
    before = named;
  }
}

const ageEveryMs = 20_000;
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-as="age"]'))
    time.textContent = age(Math.max(0, Date.now() - new Date(time.dateTime)));
}, ageEveryMs);
localize(document);

const toasts = document.getElementById('toasts');
const toastMs = 8000;

/** Says a result aloud and in a corner. `kind`: ok, waits or bad. Bad ones stay until they are dismissed. */
export function toast(said, kind = 'ok', link = undefined) {
  const box = document.createElement('div');
  box.className = `toast ${kind}`;
  const words = document.createElement('span');
  words.textContent = said;
  if (link)
    words.append(
      ' ',
      Object.assign(document.createElement('a'), { href: link.href, textContent: link.text }),
    );
  const dismiss = Object.assign(document.createElement('button'), { type: 'button', textContent: '✕' });
  dismiss.setAttribute('aria-label', text('dismiss'));
  dismiss.addEventListener('click', () => box.remove());
  box.append(words, dismiss);
  toasts.append(box);
  while (toasts.children.length > 3) toasts.firstElementChild.remove();
  if (kind !== 'bad') setTimeout(() => box.remove(), toastMs);
}

const live = document.getElementById('live');
let source = null;

/** Calls the listener with {id, rev, at} of each changed alert while the page is live. */
export function onAlert(listener) {
  listeners.add(listener);
}
const listeners = new Set();

function show(name, said, hint) {
  live.hidden = false;
  live.className = `live ${name}`;
  live.textContent = said;
  live.title = hint;
}

const reconnectMs = 5000;

function connect() {
  source = new EventSource('/console/events');
  source.addEventListener('open', () => show('on', text('live'), text('liveHint')));
  source.addEventListener('error', () => {
    show('offline', text(navigator.onLine ? 'reconnecting' : 'offline'), text('offlineHint'));
    // After a refusal the browser does not try again by itself.
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => source && connect(), reconnectMs);
  });
  source.addEventListener('alert', (event) => {
    const change = JSON.parse(event.data);
    for (const listener of listeners) listener(change);
  });
}

live?.addEventListener('click', () => {
  if (source) {
    source.close();
    source = null;
    show('paused', text('paused'), text('pausedHint'));
  } else connect();
});
connect();

// A connection without a network can stay open for minutes.
addEventListener('offline', () => source && show('offline', text('offline'), text('offlineHint')));
addEventListener('online', () => {
  if (!source) return;
  source.close();
  connect();
});

const here = new URL(location.href);
if (here.searchParams.has('outcome')) {
  here.searchParams.delete('outcome');
  history.replaceState(null, '', here);
}
