import type { KnownBlock, SectionBlock } from '@slack/types';
import { t } from '../../domain/text/translate';
import type { Action } from '../actions';
import type { Inline } from '../inline';
import type { MessageModel } from '../message';
import { escapeMrkdwn, toMrkdwn } from './mrkdwn';
import { plain } from './plain-object';

/** Slack's limits. @see https://docs.slack.dev/reference/block-kit/blocks */
const limits = {
  blocks: 50,
  headerText: 150,
  sectionText: 3000,
  buttonText: 75,
  confirmTitle: 100,
  confirmText: 300,
} as const;

/** Severity shows by text too, not only by color. */
const marks = { critical: '🔴', high: '🟠', medium: '🟡', low: '⚪' } as const;

/** A line about what needs somebody. It is not shown small. */
const isAlarm = ([first]: readonly Inline[]): boolean => typeof first === 'object' && 'alarm' in first;

/** Converts an alert's message to Block Kit. */
export function toBlocks(model: MessageModel): KnownBlock[] {
  const { alertId, closed, contained, severity, controls } = model;
  const status = model.status.filter((line) => !isAlarm(line)).map(toMrkdwn);
  const alarms = model.status.filter(isAlarm).map(toMrkdwn);
  const facts = model.keyFacts.map(({ label, value }) => `*${escapeMrkdwn(label)}:* ${toMrkdwn(value)}`);
  const line = toMrkdwn(model.context);
  const blocks: KnownBlock[] = closed
    ? [context([...status.map((each, index) => (index === 0 ? `:white_check_mark: ${each}` : each)), line])]
    : [header(`${contained ? '🔒' : marks[severity]} ${model.sentence}`), context([line, ...status])];
  for (const text of joinLines([...alarms, ...facts])) blocks.push({ ...section(text), expand: true });
  if (model.notes.length > 0) blocks.push(context(model.notes.map(toMrkdwn)));
  for (const [approvalId, decisions] of decisionsOf(controls.shown)) {
    const elements = decisions.map((action) => button(action, alertId));
    blocks.push({ type: 'actions', block_id: `${approvalBlock}${approvalId}`, elements });
  }
  const elements = [
    ...controls.shown.filter(({ approvalId }) => !approvalId).map((action) => button(action, alertId)),
    ...(controls.more.length > 0 ? [overflow(controls.more, alertId)] : []),
  ];
  if (elements.length > 0) blocks.push({ type: 'actions', block_id: `actions.${alertId}`, elements });
  return blocks.slice(0, limits.blocks);
}

const header = (text: string): KnownBlock => ({
  type: 'header',
  text: plain(text, limits.headerText),
});

/** One line below the other: Slack puts several elements side by side. */
export const context = (lines: readonly string[]): KnownBlock => ({
  type: 'context',
  elements: joinLines(lines)
    .slice(0, 10)
    .map((text) => ({ type: 'mrkdwn', text: truncate(text), verbatim: true })),
});

export const section = (text: string): SectionBlock => ({
  type: 'section',
  text: { type: 'mrkdwn', text: truncate(text), verbatim: true },
});

/** Joins lines into as few sections as the length limit allows. */
export function joinLines(lines: readonly string[]): string[] {
  const out: string[] = [];
  for (const line of lines) {
    const last = out.at(-1);
    if (last !== undefined && last.length + line.length + 1 <= limits.sectionText)
      out[out.length - 1] = `${last}\n${line}`;
    else out.push(line);
  }
  return out;
}

/** Truncates at the limit, but never inside an entity or a token. */
function truncate(text: string): string {
  if (text.length <= limits.sectionText) return text;
  const cut = text.slice(0, limits.sectionText - 1);
  return `${cut.replace(/[&<][^;>\s]*$/, '')}…`;
}

/** Prefix of the block id of Approve and Decline buttons; the approval's id follows. */
export const approvalBlock = 'approval.';

export function decisionsOf(actions: readonly Action[]): [string, Action[]][] {
  const byApproval = new Map<string, Action[]>();
  for (const action of actions)
    if (action.approvalId)
      byApproval.set(action.approvalId, [...(byApproval.get(action.approvalId) ?? []), action]);
  return [...byApproval];
}

/** Each option holds the alert's id, the action and, if there is one, the choice. */
const overflow = (actions: readonly Action[], alertId: string) => ({
  type: 'overflow' as const,
  action_id: 'more',
  options: actions.map(({ id, label, choice }) => ({
    value: [alertId, id, ...(choice ? [choice] : [])].join(' '),
    text: plain(label, limits.buttonText),
  })),
});

/** A menu of an action's choices. Each option holds the alert's id and the choice. */
export const menu = (action: Action, alertId: string) => ({
  type: 'static_select' as const,
  action_id: action.id,
  placeholder: plain(action.label, limits.buttonText),
  options: (action.choices ?? []).map(({ value, label }) => ({
    value: `${alertId} ${value}`,
    text: plain(label, limits.buttonText),
  })),
});

/** A button. Its confirmation is Slack's own dialog, unless it opens a form. */
export function button({ id, label, style, url, confirm, form }: Action, alertId: string) {
  return {
    type: 'button' as const,
    action_id: id,
    ...(url ? { url } : { value: alertId }),
    text: plain(label, limits.buttonText),
    ...(style ? { style } : {}),
    ...(confirm && !form
      ? {
          confirm: {
            title: plain(confirm.title, limits.confirmTitle),
            text: plain(confirm.text, limits.confirmText),
            confirm: plain(confirm.yes, 30),
            deny: plain(t`Cancel`, 30),
            style: 'danger' as const,
          },
        }
      : {}),
  };
}
