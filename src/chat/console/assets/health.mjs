import { getPage } from './request.mjs';
import { localize } from './shell.mjs';

const everyMs = 30_000;
const main = document.getElementById('main');

/** Reads the page again while nothing on it is in use, and keeps the queues open. */
setInterval(async () => {
  if (document.hidden || main.contains(document.activeElement?.closest('a, button, summary, [tabindex="0"]')))
    return;
  try {
    const now = (await getPage(location.pathname)).getElementById('main');
    const queues = now.querySelector('.queues');
    if (queues) queues.open = main.querySelector('.queues').open;
    localize(now);
    main.replaceChildren(...now.childNodes);
  } catch {
    // The bar says that Runwatch does not answer; the page says as of when it is.
  }
}, everyMs);
