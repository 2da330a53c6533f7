import type { BlockAction, ButtonAction, OverflowAction, StaticSelectAction } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { Action } from '../../../actions/action';
import { actionOf } from '../../../actions/registry';
import type { Presser } from '../../../domain/people/person';
import { allId, openId } from '../../controls';
import type { SurfacePress } from '../../surface-press';
import { allCallback } from '../all-modal';
import { approvalBlock } from '../blocks';
import type { ModalContext } from '../form-modal';
import { openForm, readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';
import { allModalOf, openAll } from './open-all';
import { queueThenAck } from './queue-then-ack';

const words = /^[a-z_]+$/;

/**
 * Converts button presses and menu choices into presses. A button with a form opens the form first. The
 * presser is identified later, when the press takes effect; only Slack's ids are passed on here.
 */
export function listenToPresses(listenerDeps: ListenerDeps): void {
  const { app, placeOf, press, config } = listenerDeps;

  const where = (
    body: BlockAction,
    otherwise = config.channel,
  ): Pick<SurfacePress, 'by' | 'replyTo'> & { channel: string } => {
    const team = body.team?.id ?? body.user.team_id;
    const channel = contextOf(body)?.channel ?? placeOf(team, body.channel?.id ?? otherwise);
    return {
      channel,
      by: {
        surface: 'slack',
        id: body.user.id,
        name: body.user.name ?? body.user.id,
        ...(team ? { team } : {}),
      },
      replyTo: { surface: 'slack', channel, user: body.user.id },
    };
  };

  async function pressed(
    body: BlockAction,
    id: string,
    value: string,
    at: string,
    client: WebClient,
    { blockId = '', fromMenu = false } = {},
  ): Promise<void> {
    const action = actionOf(id);
    if (!action) return;
    const { channel, by, replyTo } = where(body);
    const trigger = { triggerId: body.trigger_id, client, confirms: fromMenu };
    const all = contextOf(body);
    const form = { action: id, alertId: value, channel, ...(all ? { onTop: true as const } : {}) };
    if (await openForm(form, by, trigger, listenerDeps)) return;
    await press({
      ...aboutOf(action, value, blockId),
      action: id,
      by,
      nonce: `${body.user.id}.${id}.${at || body.trigger_id}`,
      ...(replyTo ? { replyTo } : {}),
    });
    if (all)
      await showPressed(
        body,
        by,
        all,
        blockId.startsWith(approvalBlock) ? blockId.slice(approvalBlock.length) : id,
        client,
      );
  }

  /** Says in *All responses* that the press was received. The press counts even if the modal is gone. */
  async function showPressed(
    { view: opened }: BlockAction,
    by: Presser,
    modalContext: ModalContext,
    pressed: string,
    client: WebClient,
  ): Promise<void> {
    try {
      if ('refused' in (await readerOf(by, listenerDeps))) return;
      const view = await allModalOf(modalContext, listenerDeps, pressed);
      if (view && opened) await client.views.update({ view_id: opened.id, view });
    } catch (error) {
      listenerDeps.log.warn({ error }, 'could not update the list of responses');
    }
  }

  async function quickException(body: BlockAction, alertId: string, choice: string, at: string) {
    const { channel: _, ...rest } = where(body);
    const nonce = `${body.user.id}.${choice}.${at}`;
    await press({ ...rest, alertId, action: 'quick_exception', input: { choice }, nonce });
  }

  app.action<BlockAction<ButtonAction>>(
    { action_id: words, type: 'block_actions' },
    async ({ ack, body, action, client }) => {
      if (action.type !== 'button') return;
      if (action.action_id === openId) return ack();
      if (!isButton(action.action_id)) return;
      const { action_id: id, value = '', action_ts: at, block_id: blockId } = action;
      await queueThenAck(ack, () => pressed(body, id, value, at, client, { blockId }));
    },
  );

  // An overflow menu; messages of versions before 0.2 have a select menu. Both send the chosen option.
  app.action<BlockAction<OverflowAction | StaticSelectAction>>(
    'more',
    async ({ ack, body, action, client }) => {
      const [alertId = '', id = '', choice] = action.selected_option.value.split(' ');
      await queueThenAck(ack, async () => {
        if (id === allId) {
          const { channel, by } = where(body);
          const trigger = { triggerId: body.trigger_id, client };
          await openAll({ action: id, alertId, channel }, by, trigger, listenerDeps);
        } else if (id === 'quick_exception' && choice)
          await quickException(body, alertId, choice, action.action_ts);
        else if (isButton(id)) await pressed(body, id, alertId, action.action_ts, client, { fromMenu: true });
      });
    },
  );

  app.action<BlockAction<StaticSelectAction>>('quick_exception', async ({ ack, body, action, client }) => {
    const [alertId = '', choice = ''] = action.selected_option.value.split(' ');
    await queueThenAck(ack, async () => {
      await quickException(body, alertId, choice, action.action_ts);
      const all = contextOf(body);
      if (all) await showPressed(body, where(body).by, all, 'quick_exception', client);
    });
  });

  app.action<BlockAction<StaticSelectAction>>(/^(revoke|restore)_listed$/, async ({ ack, body, action }) => {
    const choice = action.selected_option.value;
    await queueThenAck(ack, async () => {
      const { channel: _, ...rest } = where(body);
      const nonce = `${body.user.id}.${choice}.${action.action_ts}`;
      await press({ ...rest, alertId: '', action: action.action_id, input: { choice }, nonce });
    });
  });

  app.action<BlockAction<ButtonAction>>(/^caller_(yes|no|automation)$/, async ({ ack, body, action }) => {
    const answer = action.action_id.slice('caller_'.length);
    const note = Object.values(body.state?.values?.note ?? {})[0]?.value ?? '';
    await queueThenAck(ack, async () => {
      const { channel: _, ...rest } = where(body, body.user.id);
      await press({
        ...rest,
        alertId: action.value ?? '',
        action: 'answer',
        input: { answer, ...(note ? { note } : {}) },
        nonce: `${body.user.id}.answer.${answer}`,
      });
    });
  });
}

/** What *All responses* carries, if the press came from there. */
function contextOf({ view }: BlockAction): ModalContext | null {
  return view?.callback_id === allCallback ? (JSON.parse(view.private_metadata) as ModalContext) : null;
}

/** False for answers and menu choices, which have no button of their own. */
function isButton(id: string): boolean {
  const action = actionOf(id);
  if (!action || action.right === 'asked' || action.about === 'review') return false;
  return action.about !== 'alert' || !action.choices;
}

/** Interprets a button's value: the id of an alert, an exception or an approval. */
function aboutOf(
  { about }: Action,
  value: string,
  blockId: string,
): { alertId: string; input?: Record<string, unknown> } {
  if (about === 'exception') return { alertId: '', input: { exceptionId: value } };
  if (about !== 'approval') return { alertId: value };
  if (value.startsWith('A-')) return { alertId: '', input: { approvalId: value } };
  const approvalId = blockId.startsWith(approvalBlock) ? blockId.slice(approvalBlock.length) : null;
  return { alertId: value, ...(approvalId ? { input: { approvalId } } : {}) };
}
