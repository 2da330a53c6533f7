const full = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'long' });
const short = {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};
const thisYear = new Intl.DateTimeFormat([], short);
const otherYear = new Intl.DateTimeFormat([], { ...short, year: 'numeric' });
const clock = new Intl.DateTimeFormat([], { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat([], { dateStyle: 'full' });

/** As durationWords on the server. */
function age(ms) {
  const minute = 60_000;
  if (ms < 2 * minute) return `${Math.round(ms / 1000)} s`;
  if (ms < 120 * minute) return `${Math.round(ms / minute)} min`;
  const hours = ms / (60 * minute);
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`;
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
    const named = day.format(new Date(item.querySelector('time').dateTime));
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
export function toast(text, kind = 'ok', link = undefined) {
  const box = document.createElement('div');
  box.className = `toast ${kind}`;
  const words = document.createElement('span');
  words.textContent = text;
  if (link)
    words.append(
      ' ',
      Object.assign(document.createElement('a'), { href: link.href, textContent: link.text }),
    );
  const dismiss = Object.assign(document.createElement('button'), { type: 'button', textContent: '✕' });
  dismiss.setAttribute('aria-label', 'Dismiss');
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

function show(name, text, hint) {
  live.hidden = false;
  live.className = `live ${name}`;
  live.textContent = text;
  live.title = hint;
}

const reconnectMs = 5000;

function connect() {
  source = new EventSource('/console/events');
  source.addEventListener('open', () => show('on', 'Live', 'Changes appear by themselves. Press to pause.'));
  source.addEventListener('error', () => {
    show('offline', navigator.onLine ? 'Reconnecting…' : 'Offline', 'Changes appear once Runwatch answers.');
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
    show('paused', 'Paused', 'Nothing changes by itself. Press to continue.');
  } else connect();
});
connect();

const here = new URL(location.href);
if (here.searchParams.has('outcome')) {
  here.searchParams.delete('outcome');
  history.replaceState(null, '', here);
}
