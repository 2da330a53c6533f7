/** Slack's look for what `render-html.ts` renders, inside an element with class `slack`; with `dark`, its dark theme. */
export const slackCss = `.slack{--bg:#fff;--fg:#1d1c1d;--muted:#616061;--line:rgba(29,28,29,.3);--soft:rgba(29,28,29,.13);--link:#1264a3;--code:#c01343;--codebg:rgba(29,28,29,.04);--green:#007a5a;--red:#e01e5a;--mention:rgba(29,155,209,.1);font:15px/1.466 Slack-Lato,Lato,"Segoe UI","Helvetica Neue",Arial,sans-serif,"Noto Color Emoji";color:var(--fg);background:var(--bg);overflow-wrap:anywhere}
.slack.dark{color-scheme:dark;--bg:#1a1d21;--fg:#d1d2d3;--muted:#ababad;--line:rgba(232,232,232,.3);--soft:rgba(232,232,232,.13);--link:#1d9bd1;--code:#e8912d;--codebg:rgba(232,232,232,.05);--green:#148567;--red:#f2577f}
.slack *{box-sizing:border-box}
.slack p{margin:4px 0}
.slack a{color:var(--link);text-decoration:none}
.slack .message{display:flex;gap:8px;padding:8px 20px}
.slack .avatar{flex:none;width:36px;height:36px;border-radius:8px;background:#4a154b;color:#fff;font-weight:700;display:grid;place-items:center}
.slack .content{flex:1;min-width:0}
.slack .badge{font-size:10px;padding:1px 3px;border-radius:2px;background:var(--soft);color:var(--muted);font-weight:700;vertical-align:2px}
.slack .time{font-size:12px;color:var(--muted)}
.slack .thread{border-left:2px solid var(--soft);margin-top:8px}
.slack .attachment{border-left:4px solid;border-radius:4px;padding:2px 0 2px 12px;margin:4px 0}
.slack h3{font-size:18px;line-height:1.33;font-weight:900;margin:8px 0 4px}
.slack hr{border:0;border-top:1px solid var(--soft);margin:12px 0}
.slack .section{display:flex;gap:16px;align-items:flex-start;margin:4px 0}
.slack .section>div{flex:1;min-width:0}
.slack .fields{display:grid;grid-template-columns:1fr 1fr;gap:4px 16px}
.slack .context{display:flex;flex-wrap:wrap;gap:4px 8px;font-size:13px;color:var(--muted);margin:4px 0}
.slack .actions{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}
.slack button,.slack .button,.slack .overflow>summary{font:700 15px/1.2 inherit;font-family:inherit;font-weight:700;font-size:13px;height:28px;padding:0 12px;border:1px solid var(--line);border-radius:6px;background:transparent;color:var(--fg);cursor:pointer;display:inline-flex;align-items:center;white-space:nowrap;flex:none;list-style:none}
.slack button.primary{background:var(--green);border-color:var(--green);color:#fff}
.slack button.danger{color:var(--red);border-color:var(--red)}
.slack .modal button,.slack .home button{max-width:100%}
.slack .overflow{position:relative}
.slack .overflow[open]{flex-basis:100%}
.slack .overflow .menu{border:1px solid var(--line);border-radius:8px;padding:8px 0;margin-top:4px;width:fit-content;min-width:240px;box-shadow:0 4px 12px rgba(0,0,0,.12)}
.slack .overflow .menu button{display:flex;border:0;border-radius:0;font-weight:400;font-size:15px;width:100%;padding:0 24px}
.slack select,.slack input:not([type=checkbox]),.slack textarea{font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:6px;padding:4px 12px;width:100%}
.slack .section>select,.slack .actions>select{width:auto;max-width:240px;flex:none;font-weight:700;font-size:13px;height:28px;padding:0 8px}
.slack .input{display:grid;gap:4px;margin:12px 0}
.slack .checks{display:grid;gap:4px}
.slack .optional,.slack .hint{font-weight:400;color:var(--muted)}
.slack .hint{font-size:13px}
.slack code{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--code);background:var(--codebg);border:1px solid var(--soft);border-radius:3px;padding:1px 3px}
.slack pre{font:12px/1.5 Monaco,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--codebg);border:1px solid var(--soft);border-radius:4px;padding:8px;margin:4px 0;white-space:pre-wrap}
.slack .mention{background:var(--mention);color:var(--link);border-radius:3px;padding:0 2px}
.slack summary{list-style:none;cursor:pointer}
.slack details:not([open])>summary .text{max-height:7.4em;overflow:hidden}
.slack .more{color:var(--link);font-size:13px}
.slack details[open] .more{display:none}
.slack table{border-collapse:collapse;margin:4px 0}
.slack th,.slack td{border:1px solid var(--soft);padding:4px 8px;text-align:left}
.slack .modal{width:520px;max-width:100%;border:1px solid var(--soft);border-radius:8px;background:var(--bg)}
.slack .modal .title{display:flex;justify-content:space-between;font-size:18px;padding:16px 24px;border-bottom:1px solid var(--soft)}
.slack .modal .body{padding:8px 24px;max-height:70vh;overflow:auto}
.slack .modal .foot{display:flex;justify-content:flex-end;gap:12px;padding:16px 24px;border-top:1px solid var(--soft)}
.slack .home{padding:8px 24px 24px}
`;
