import { escapeText, mrkdwnToHtml, type Reader } from './render-mrkdwn';

export { slackCss } from './render-css';
export type { Reader };

/** Slack shows longer sections only in part, unless they have `expand`. Characters. */
const shownText = 700;

// biome-ignore lint/suspicious/noExplicitAny: blocks as posted, of any kind
type Part = any;

export interface ShownMessage {
  text?: string;
  blocks?: readonly Part[];
  attachments?: readonly { color?: string; text?: string; blocks?: readonly Part[] }[];
  /** When it was posted, ms. */
  at: number;
  replies?: readonly Omit<ShownMessage, 'replies'>[];
}

/** A message of the bot, with its thread, as Slack shows it. Every text is escaped. */
export function renderMessage(message: ShownMessage, reader: Reader): string {
  const { text = '', blocks = [], attachments = [], at, replies = [] } = message;
  const time = new Intl.DateTimeFormat('en-US', {
    timeZone: reader.zone,
    hour: 'numeric',
    minute: '2-digit',
  });
  const body = blocks.length > 0 ? renderBlocks(blocks, reader) : `<p>${mrkdwnToHtml(text, reader)}</p>`;
  const below = attachments.map(({ color, text: words, blocks: own = [] }) => {
    const inner = own.length > 0 ? renderBlocks(own, reader) : `<p>${mrkdwnToHtml(words ?? '', reader)}</p>`;
    return `<div class="attachment" style="border-color:${/^#[0-9a-f]{6}$/i.test(color ?? '') ? color : '#ddd'}">${inner}</div>`;
  });
  const thread = replies.map((reply) => renderMessage(reply, reader)).join('');
  return `<div class="message"><div class="avatar" aria-hidden="true">R</div><div class="content"><div class="from"><b>Runwatch</b> <span class="badge">APP</span> <span class="time">${time.format(at)}</span></div>${body}${below.join('')}${thread ? `<div class="thread">${thread}</div>` : ''}</div></div>`;
}

/** A modal with its title and buttons, or a home page. */
export function renderView(view: Part, reader: Reader): string {
  const body = renderBlocks(view.blocks, reader);
  if (view.type === 'home') return `<div class="home">${body}</div>`;
  const foot = [
    view.close && `<button type="button">${plainOf(view.close)}</button>`,
    view.submit && `<button type="submit" class="primary">${plainOf(view.submit)}</button>`,
  ];
  return `<form class="modal"><div class="title"><b>${plainOf(view.title)}</b><span aria-hidden="true">✕</span></div><div class="body">${body}</div><div class="foot">${foot.filter(Boolean).join('')}</div></form>`;
}

export const renderBlocks = (blocks: readonly Part[], reader: Reader): string =>
  blocks.map((block) => renderBlock(block, reader)).join('');

function renderBlock(block: Part, reader: Reader): string {
  const id = block.block_id ? ` data-block-id="${escapeText(block.block_id)}"` : '';
  switch (block.type) {
    case 'header':
      return `<h3${id}>${plainOf(block.text)}</h3>`;
    case 'divider':
      return '<hr>';
    case 'section':
      return sectionOf(block, id, reader);
    case 'context':
      return `<div class="context"${id}>${block.elements.map((one: Part) => `<span>${textOf(one, reader)}</span>`).join('')}</div>`;
    case 'actions':
      return `<div class="actions"${id}>${block.elements.map(elementOf).join('')}</div>`;
    case 'input':
      return `<label class="input"${id}><b>${plainOf(block.label)}${block.optional ? ' <span class="optional">(optional)</span>' : ''}</b>${elementOf(block.element)}${block.hint ? `<span class="hint">${plainOf(block.hint)}</span>` : ''}</label>`;
    case 'table':
      return `<table${id}>${block.rows.map((row: Part[], index: number) => `<tr>${row.map((cell) => cellOf(cell, index === 0, reader)).join('')}</tr>`).join('')}</table>`;
    default:
      return `<p class="unknown">${escapeText(String(block.type))}</p>`;
  }
}

function sectionOf({ text, fields, accessory, expand }: Part, id: string, reader: Reader): string {
  const isLong = !expand && (text?.text.length ?? 0) > shownText;
  const body = text ? `<div class="text">${textOf(text, reader)}</div>` : '';
  const shown = isLong
    ? `<details><summary>${body}<span class="more">Show more</span></summary></details>`
    : body;
  const columns = fields?.map((field: Part) => `<span>${textOf(field, reader)}</span>`).join('');
  const left = `<div>${shown}${columns ? `<div class="fields">${columns}</div>` : ''}</div>`;
  return `<div class="section"${id}>${left}${accessory ? elementOf(accessory) : ''}</div>`;
}

const textOf = (text: Part, reader: Reader): string =>
  text.type === 'mrkdwn' ? mrkdwnToHtml(text.text, reader) : plainOf(text);

const plainOf = (text: Part): string => escapeText(String(text?.text ?? '')).replace(/\n/g, '<br>');

const cellOf = (cell: Part, isHead: boolean, reader: Reader): string => {
  const tag = isHead ? 'th' : 'td';
  return `<${tag}>${cellHtml(cell, reader)}</${tag}>`;
};

/** A table's cell: raw text, or rich text with its elements. */
function cellHtml({ type, text, elements = [], timestamp, format, fallback }: Part, reader: Reader): string {
  if (type === 'date') return mrkdwnToHtml(`<!date^${timestamp}^${format}|${fallback}>`, reader);
  return text === undefined
    ? elements.map((one: Part) => cellHtml(one, reader)).join('')
    : escapeText(String(text));
}

/** A control, with what a page needs to send its press: action id, value and confirmation. */
function elementOf(element: Part): string {
  const { type, action_id: action = '', value, url, text, style, confirm } = element;
  const data = [
    ` data-action-id="${escapeText(action)}"`,
    value ? ` data-value="${escapeText(value)}"` : '',
    confirm ? ` data-confirm="${escapeText(JSON.stringify(confirm))}"` : '',
  ].join('');
  const shown = element.placeholder ? plainOf(element.placeholder) : '';
  switch (type) {
    case 'button':
      return url && /^https?:/.test(url)
        ? `<a class="button" href="${escapeText(url)}" rel="noreferrer"${data}>${plainOf(text)}</a>`
        : `<button type="button"${style ? ` class="${style === 'danger' ? 'danger' : 'primary'}"` : ''}${data}>${plainOf(text)}</button>`;
    case 'overflow':
      return `<details class="overflow"${data}><summary aria-label="More">⋯</summary><div class="menu">${element.options.map((option: Part) => `<button type="button" data-value="${escapeText(option.value ?? '')}">${plainOf(option.text)}</button>`).join('')}</div></details>`;
    case 'static_select':
    case 'external_select':
    case 'users_select':
      return `<select${data}><option value="">${shown || 'Select an option'}</option>${optionsOf(element)}</select>`;
    case 'checkboxes':
      return `<span class="checks">${element.options.map((option: Part) => `<span><input type="checkbox"${data} value="${escapeText(option.value)}"${isInitial(option, element) ? ' checked' : ''}> ${plainOf(option.text)}</span>`).join('')}</span>`;
    case 'datepicker':
      return `<input type="date"${data} value="${escapeText(element.initial_date ?? '')}">`;
    case 'plain_text_input':
      return element.multiline
        ? `<textarea${data} rows="3" placeholder="${shown}">${escapeText(element.initial_value ?? '')}</textarea>`
        : `<input type="text"${data} placeholder="${shown}" value="${escapeText(element.initial_value ?? '')}">`;
    default:
      return `<span class="unknown">${escapeText(String(type))}</span>`;
  }
}

const isInitial = (option: Part, { initial_option: one, initial_options: some = [] }: Part): boolean =>
  [one, ...some].some((initial) => initial?.value === option.value);

const optionsOf = (element: Part): string =>
  (element.options ?? [])
    .map(
      (option: Part) =>
        `<option value="${escapeText(option.value ?? '')}"${isInitial(option, element) ? ' selected' : ''}>${plainOf(option.text)}</option>`,
    )
    .join('');
