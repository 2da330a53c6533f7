import type { KnownBlock } from '@slack/types';
import { plainLine } from '../../domain/text/plain-text';
import type { Action } from '../actions';
import type { MessageModel } from '../message';
import { escapeMrkdwn, toMrkdwn } from './mrkdwn';

/** Slack's limits. @see https://docs.slack.dev/reference/block-kit/blocks */
const limits = {
  blocks: 50,
  sectionText: 3000,
  buttonText: 75,
  confirmTitle: 100,
  confirmText: 300,
  actions: 25,
} as const;

/** Severity shows by shape and text too, not only by color. */
const marks = {
  critical: ':rotating_light:',
  high: ':red_circle:',
  medium: ':large_orange_diamond:',
  low: ':white_circle:',
} as const;

/** Converts an alert's message to Block Kit. */
export function toBlocks(model: MessageModel): KnownBlock[] {
  const mark = model.closed ? ':white_check_mark:' : marks[model.severity];
  const head = `${mark} *${model.severity.toUpperCase()} ${model.score} · ${escapeMrkdwn(model.title)}*   ${model.alertId}`;
  const facts = model.facts.map((fact) => `*${escapeMrkdwn(fact.label)}*  ${toMrkdwn(fact.value)}`);
  const blocks: KnownBlock[] = [section(`${head}\n${toMrkdwn(model.headline)}`)];
  for (const text of joinLines(facts)) blocks.push(section(text));
  const status = model.status.map(toMrkdwn).join('\n');
  if (status) blocks.push(section(status));
  for (const [approvalId, decisions] of decisionsOf(model.actions)) {
    const elements = decisions.map((action) => button(action, model.alertId));
    blocks.push({ type: 'actions', block_id: `${approvalBlock}${approvalId}`, elements });
  }
  const elements = elementsOf(model);
  if (elements.length > 0) blocks.push({ type: 'actions', block_id: `actions.${model.alertId}`, elements });
  return blocks.slice(0, limits.blocks);
}

export const section = (text: string): KnownBlock => ({
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
/** More are pending only if an attacker floods us with requests. The console shows all. */
const maxApprovals = 5;

function decisionsOf(actions: readonly Action[]): [string, Action[]][] {
  const byApproval = new Map<string, Action[]>();
  for (const action of actions)
    if (action.approvalId)
      byApproval.set(action.approvalId, [...(byApproval.get(action.approvalId) ?? []), action]);
  return [...byApproval].slice(0, maxApprovals);
}

/** Buttons, and a menu of rarely used actions. */
function elementsOf({ actions: all, alertId }: MessageModel) {
  const actions = all.filter(({ approvalId }) => !approvalId);
  const minor = actions.filter((action) => action.minor).map(({ id, label }) => ({ value: id, label }));
  const shown: Action[] = actions.filter((action) => !action.minor);
  const more = minor.length > 0 ? [menu('more', 'More…', minor, alertId)] : [];
  return [...shown.slice(0, limits.actions - 1).map((action) => element(action, alertId)), ...more];
}

/** A button, or a menu if the action has choices. Each option holds the alert's id and the choice. */
function element(action: Action, alertId: string) {
  if (!action.choices) return button(action, alertId);
  return menu(action.id, action.label, action.choices, alertId);
}

const menu = (id: string, label: string, choices: { value: string; label: string }[], alertId: string) => ({
  type: 'static_select' as const,
  action_id: id,
  placeholder: { type: 'plain_text' as const, text: plainLine(label, limits.buttonText) },
  options: choices.map((choice) => ({
    value: `${alertId} ${choice.value}`,
    text: { type: 'plain_text' as const, text: plainLine(choice.label, limits.buttonText) },
  })),
});

function button(action: Action, alertId: string) {
  return {
    type: 'button' as const,
    action_id: action.id,
    value: alertId,
    text: { type: 'plain_text' as const, text: plainLine(action.label, limits.buttonText), emoji: false },
    ...(action.style ? { style: action.style } : {}),
    ...(action.confirm && !action.form
      ? {
          confirm: {
            title: {
              type: 'plain_text' as const,
              text: plainLine(action.confirm.title, limits.confirmTitle),
            },
            text: { type: 'plain_text' as const, text: plainLine(action.confirm.text, limits.confirmText) },
            confirm: { type: 'plain_text' as const, text: plainLine(action.confirm.yes, 30) },
            deny: { type: 'plain_text' as const, text: 'Cancel' },
          },
        }
      : {}),
  };
}
