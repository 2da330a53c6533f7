interface Text {
  type?: string;
  text?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: arbitrary blocks of a bot
type Loose = any;

/** Why Slack would reject a message's blocks. @see https://docs.slack.dev/reference/block-kit/blocks */
export function faultsOfBlocks(blocks: Loose[], maxBlocks = 50): string[] {
  const faults: string[] = [];
  if (!Array.isArray(blocks)) return ['blocks is not a list'];
  if (blocks.length > maxBlocks) faults.push(`no more than ${maxBlocks} items allowed`);
  const text = textCheck(faults);
  const ids = new Set<string>();
  for (const block of blocks) {
    if (block.block_id && ids.has(block.block_id)) faults.push(`duplicate block_id ${block.block_id}`);
    if (block.block_id) ids.add(block.block_id);
    if (block.type === 'section') {
      if (!block.text && !block.fields) faults.push('section without text');
      if (block.text) text('section', block.text, 3000);
      if (block.fields?.length > 10) faults.push('no more than 10 fields');
      for (const field of block.fields ?? []) text('field', field, 2000);
      if (block.accessory) faults.push(...faultsOfElement(block.accessory));
    } else if (block.type === 'context') {
      if (block.elements.length > 10) faults.push('no more than 10 context elements');
      for (const element of block.elements) text('context', element, 3000);
    } else if (block.type === 'actions') {
      if (block.elements.length === 0 || block.elements.length > 25) faults.push('1 to 25 actions');
      const seen = new Set<string>();
      for (const element of block.elements) {
        if (seen.has(element.action_id)) faults.push(`duplicate action_id ${element.action_id}`);
        seen.add(element.action_id);
        faults.push(...faultsOfElement(element));
      }
    } else if (block.type === 'input') {
      text('label', block.label, 2000);
      if (!block.element?.type) faults.push('input without element');
    } else if (block.type === 'header') {
      text('header', block.text, 150);
      if (block.text?.type !== 'plain_text') faults.push('header must be plain_text');
    } else if (block.type !== 'divider') faults.push(`unknown block ${block.type}`);
  }
  return faults;
}

const textCheck =
  (faults: string[]) =>
  (what: string, value: Text | undefined, max: number, min = 1) => {
    const length = value?.text?.length ?? 0;
    if (length < min) faults.push(`${what}: must be more than ${min - 1} characters`);
    if (length > max) faults.push(`${what}: must be less than ${max + 1} characters`);
    if (value && !['mrkdwn', 'plain_text'].includes(value.type ?? ''))
      faults.push(`${what}: unknown text type`);
  };

function faultsOfElement(element: Loose): string[] {
  const faults: string[] = [];
  const text = textCheck(faults);
  if ((element.action_id?.length ?? 0) > 255) faults.push('action_id too long');
  if (element.type === 'static_select' || element.type === 'overflow') {
    const max = element.type === 'overflow' ? 5 : 100;
    if (element.type === 'static_select') text('placeholder', element.placeholder, 150);
    if (element.options.length === 0 || element.options.length > max) faults.push(`1 to ${max} options`);
    for (const option of element.options) {
      text('option', option.text, 75);
      if (option.value.length > 150) faults.push('option value too long');
    }
  }
  if (element.type === 'button') {
    text('button', element.text, 75);
    if (element.text.type !== 'plain_text') faults.push('button text must be plain_text');
    if ((element.value?.length ?? 0) > 2000) faults.push('button value too long');
    if ((element.url?.length ?? 0) > 3000) faults.push('url too long');
    if (element.style && !['primary', 'danger'].includes(element.style)) faults.push('button style');
    confirm(element.confirm, text);
  }
  return faults;
}

/** Where a message has more than four controls besides one overflow menu. */
export function excessControls(blocks: Loose[]): string[] {
  const elements = blocks.filter(({ type }) => type === 'actions').flatMap((block) => block.elements);
  const menus = elements.filter(({ type }) => type === 'overflow').length;
  const others = elements.length - menus;
  return others > 4 || menus > 1 ? [`${others} controls and ${menus} overflow menus`] : [];
}

function confirm(dialog: Loose, text: (what: string, value: Text | undefined, max: number) => void): void {
  if (!dialog) return;
  text('confirm title', dialog.title, 100);
  text('confirm text', dialog.text, 300);
  text('confirm yes', dialog.confirm, 30);
  text('confirm no', dialog.deny, 30);
}
