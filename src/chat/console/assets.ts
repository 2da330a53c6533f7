/** The console's static files, served from memory. No build step, no external resources. */
export const css = `:root{color-scheme:light dark;--bg:#f6f7f9;--fg:#1b1f24;--card:#fff;--line:#d0d7de;--muted:#57606a;--accent:#0757ba;--red:#b3141c;--orange:#8a4600;--green:#116329}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--card:#161b22;--line:#30363d;--muted:#9ea7b3;--accent:#6cb6ff;--red:#ff8a80;--orange:#ffb35c;--green:#6fdd8b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{display:flex;gap:1.5rem;align-items:baseline;padding:.7rem 1.2rem;background:var(--card);border-bottom:1px solid var(--line)}
nav{display:flex;gap:1rem;flex-wrap:wrap}
.account{margin-left:auto;display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}
a{color:var(--accent)}
main{overflow-wrap:anywhere;max-width:60rem;margin:0 auto;padding:1rem 1.2rem 4rem}
h1{font-size:1.3rem;margin:.6rem 0}
h2{font-size:1.05rem;margin:0 0 .3rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.3rem .6rem}
#outcome{min-height:1.5em;margin:.2rem 0;font-weight:600}
.card{background:var(--card);border:1px solid var(--line);border-left:5px solid var(--muted);border-radius:8px;padding:.9rem 1.1rem;margin:0 0 1rem}
.card.critical,.card.high{border-left-color:var(--red)}
.card.medium{border-left-color:var(--orange)}
.card.closed{border-left-color:var(--green)}
.severity{font-variant-numeric:tabular-nums;letter-spacing:.02em}
.critical .severity,.high .severity{color:var(--red)}
.medium .severity{color:var(--orange)}
.id{float:right;font-size:.85rem;font-weight:400}
.card p{margin:.3rem 0}
dl{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.15rem .8rem;margin:.5rem 0}
dt{color:var(--muted)}
dd{margin:0}
@media (max-width:34rem){dl{grid-template-columns:minmax(0,1fr)}dt{font-size:.85rem}dd+dt{margin-top:.3rem}}
.status{border-top:1px dashed var(--line);padding-top:.4rem}
.actions{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.7rem;align-items:flex-start}
button,.button,summary{font:inherit;padding:.3rem .8rem;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--fg);cursor:pointer;text-decoration:none;display:inline-block;list-style:none}
button.primary{background:var(--accent);border-color:var(--accent);color:var(--card)}
button.danger{color:var(--red);border-color:var(--red)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details.more[open]{flex-basis:100%}
details.confirm[open]>div{border:1px solid var(--line);border-radius:6px;padding:.7rem;margin-top:.4rem;max-width:32rem;background:var(--bg)}
.exception p{display:grid;gap:.2rem}
.choices{display:flex;flex-wrap:wrap;gap:.5rem}
.panel{margin:0 0 1rem}
.panel .choices{margin-top:.5rem}
.panel button{text-align:left}
.filter{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;margin:0 0 1rem}
.filter label{display:grid;gap:.15rem;font-size:.9rem}
.filter input,.filter select{font-weight:400}
.filter input[type=search]{min-width:17rem}
.filter select{max-width:11rem}
.chain{display:flex;flex-wrap:wrap;gap:.4rem 2rem;list-style:none;padding:0;margin:.4rem 0}
.chain li{position:relative;border:1px solid var(--line);border-radius:6px;padding:.4rem .7rem;background:var(--bg)}
.chain li+li::before{content:'→';position:absolute;left:-1.5rem;top:.5rem;color:var(--muted)}
@media (max-width:34rem){.chain{display:grid;gap:1.3rem;justify-items:start}.chain li+li::before{content:'↓';left:.7rem;top:-1.4rem}}
.kind{display:block;font-size:.8rem;color:var(--muted)}
.map svg{max-width:100%}
.map rect.more{fill:var(--accent)}
.map rect.less{fill:var(--green)}
.heat td{text-align:center;padding:.2rem .1rem;min-width:1.5rem;font-variant-numeric:tabular-nums}
.heat th{font-size:.8rem;padding:.2rem}
.heat1{background:color-mix(in srgb,var(--accent) 12%,var(--card))}
.heat2{background:color-mix(in srgb,var(--accent) 24%,var(--card))}
.heat3{background:color-mix(in srgb,var(--accent) 36%,var(--card))}
.heat4{background:color-mix(in srgb,var(--accent) 46%,var(--card))}
.heat5{background:color-mix(in srgb,var(--accent) 55%,var(--card));font-weight:600}
label{font-weight:600}
.field{display:grid;gap:.2rem;margin:1em 0;padding:0;border:0}
.check{display:flex;gap:.5rem;align-items:baseline;font-weight:400}
.check input{width:auto}
select,input,textarea{font:inherit;padding:.4rem;border:1px solid var(--muted);border-radius:6px;background:var(--card);color:var(--fg);width:100%}
.hint,.empty{color:var(--muted)}
.fault{color:var(--red)}
.scroll{overflow-x:auto}
table{overflow-wrap:break-word;border-collapse:collapse;width:100%;background:var(--card)}
th,td{text-align:left;padding:.4rem .6rem;border:1px solid var(--line);vertical-align:top}
code{font-size:.9em}
pre{overflow-x:auto;background:var(--bg);padding:.7rem;border-radius:6px;white-space:pre-wrap}
.bar rect{fill:var(--accent)}
.thread ul{margin:.3rem 0;padding-left:1.2rem}
`;

export const js = `'use strict';
(() => {
  const list = document.getElementById('alerts');
  const outcome = document.getElementById('outcome');
  const local = (root) => {
    for (const time of root.querySelectorAll('time')) {
      const at = new Date(time.dateTime);
      time.title = time.textContent;
      time.textContent = at.toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
    }
  };
  local(document);
  let held = null;
  document.addEventListener('pointerdown', (event) => { held = event.target.closest('article'); });
  for (const end of ['pointerup', 'pointercancel'])
    document.addEventListener(end, () => setTimeout(() => { const id = held?.id; held = null; if (id) refresh(id); }));
  const refresh = async (id) => {
    const old = document.getElementById(id);
    if (!old && !list) return;
    const what = document.getElementById('more') ? '' : '/card';
    const answer = await fetch('/console/alerts/' + encodeURIComponent(id) + what, { credentials: 'same-origin' });
    if (!answer.ok) return;
    const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = parsed.querySelector('article');
    if (!fresh) return;
    const now = document.getElementById(id);
    if (now && Number(now.dataset.rev) >= Number(fresh.dataset.rev)) return;
    local(parsed);
    const more = document.getElementById('more');
    const below = parsed.getElementById('more');
    if (below && more.innerHTML !== below.innerHTML) more.replaceWith(below);
    if (now) {
      if (now === held) return;
      if (now.contains(document.activeElement) && document.activeElement.matches('input,textarea,select')) return;
      const open = now.querySelectorAll('details[open]>summary');
      now.replaceWith(fresh);
      for (const each of open) {
        const again = fresh.querySelector('summary[data-opens="' + each.dataset.opens + '"]');
        if (again) again.parentElement.open = true;
      }
    } else {
      const empty = list.querySelector('.empty');
      if (empty) empty.remove();
      list.prepend(fresh);
    }
  };
  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (!form.closest('.actions')) return;
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    form.elements.nonce.value = crypto.randomUUID();
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), headers: { accept: 'application/json' }, credentials: 'same-origin' });
    if (!answer.ok) { outcome.textContent = await answer.text(); button.disabled = false; return; }
    const { pressId } = await answer.json();
    outcome.dataset.press = pressId;
    outcome.textContent = '';
    setTimeout(() => { button.disabled = false; }, 1500);
  });
  const source = new EventSource('/console/events');
  source.addEventListener('alert', (event) => {
    const { id, rev } = JSON.parse(event.data);
    const shown = document.getElementById(id);
    if (shown && rev !== undefined && Number(shown.dataset.rev) >= rev) return;
    refresh(id);
  });
  source.addEventListener('answer', (event) => {
    const { pressId, text } = JSON.parse(event.data);
    if (pressId === outcome.dataset.press) outcome.textContent = text;
  });
})();
`;

export const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#0757ba"/><path d="M4 8h3l1-3 1.5 6L10.5 8H12" stroke="#fff" stroke-width="1.3" fill="none"/></svg>';
