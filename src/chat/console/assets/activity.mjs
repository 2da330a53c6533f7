import './shell.mjs';

const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const middleOf = (link) => {
  const { x, y, width, height } = link.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
};

/** The nearest link in the direction of an arrow key. */
function nearest(links, from, [dx, dy]) {
  const [x, y] = middleOf(from);
  let best = null;
  for (const link of links) {
    const [otherX, otherY] = middleOf(link);
    const along = (otherX - x) * dx + (otherY - y) * dy;
    if (along < 2) continue;
    const aside = Math.abs((otherX - x) * dy) + Math.abs((otherY - y) * dx);
    const distance = along + aside * 3;
    if (!best || distance < best.distance) best = { link, distance };
  }
  return best?.link ?? null;
}

/** A picture has one tab stop; arrow keys move within it. */
for (const picture of document.querySelectorAll('[data-roving]')) {
  const links = [...picture.querySelectorAll('a')];
  const enter = (chosen) => {
    for (const link of links) link.setAttribute('tabindex', link === chosen ? '0' : '-1');
  };
  enter(links[0]);
  picture.addEventListener('keydown', (event) => {
    const current = document.activeElement;
    if (!links.includes(current)) return;
    const next =
      event.key === 'Home'
        ? links[0]
        : event.key === 'End'
          ? links.at(-1)
          : moves[event.key] && nearest(links, current, moves[event.key]);
    if (next === undefined) return;
    event.preventDefault();
    if (!next) return;
    enter(next);
    next.focus();
  });
}
