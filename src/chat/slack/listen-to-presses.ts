import type { BlockAction, ButtonAction, StaticSelectAction } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { type ActionId, actionIds } from '../../config';
import { openForm } from './listen-to-forms';
import type { SlackListening } from './slack-app';
import { soonest } from './soonest';

const buttons = new RegExp(
  `^(${actionIds.filter((id) => id !== 'quick_exception' && !id.endsWith('_listed')).join('|')})$`,
);

/** Turns what is pressed into presses: a button that has something to fill in opens it first. */
export function listenToPresses(listening: SlackListening): void {
  const { app, peopleIn, placeOf, press, config } = listening;

  async function pressed(
    body: BlockAction,
    id: ActionId,
    value: string,
    at: string,
    client: WebClient,
  ): Promise<void> {
    const channel = placeOf(body.team?.id, body.channel?.id ?? config.channel);
    const by = await peopleIn(body.team?.id).presser(body.user.id, body.user.name);
    if (
      await openForm(
        { action: id, alertId: value, channel },
        by,
        { triggerId: body.trigger_id, client },
        listening,
      )
    )
      return;
    const aboutException = /^(extend|keep|remove)_exception$/.test(id);
    await press({
      alertId: aboutException ? '' : value,
      action: id,
      by,
      ...(aboutException ? { input: { exceptionId: value } } : {}),
      nonce: `${body.user.id}.${id}.${at || body.trigger_id}`,
      replyTo: { surface: 'slack', channel, user: body.user.id },
    });
  }

  app.action<BlockAction<ButtonAction>>(buttons, async ({ ack, body, action, client }) => {
    await soonest(ack, () =>
      pressed(body, action.action_id as ActionId, action.value ?? '', action.action_ts, client),
    );
  });

  app.action<BlockAction<StaticSelectAction>>('more', async ({ ack, body, action, client }) => {
    const [alertId = '', id] = action.selected_option.value.split(' ');
    const known = actionIds.find((candidate) => candidate === id);
    await soonest(ack, async () => {
      if (known) await pressed(body, known, alertId, action.action_ts, client);
    });
  });

  app.action<BlockAction<StaticSelectAction>>('quick_exception', async ({ ack, body, action }) => {
    const [alertId = '', choice = ''] = action.selected_option.value.split(' ');
    const replyTo = {
      surface: 'slack',
      channel: placeOf(body.team?.id, body.channel?.id ?? config.channel),
      user: body.user.id,
    };
    await soonest(ack, async () => {
      const by = await peopleIn(body.team?.id).presser(body.user.id, body.user.name);
      const nonce = `${body.user.id}.${choice}.${action.action_ts}`;
      await press({ alertId, action: 'quick_exception', by, input: { choice }, nonce, replyTo });
    });
  });

  app.action<BlockAction<StaticSelectAction>>(/^(revoke|restore)_listed$/, async ({ ack, body, action }) => {
    const replyTo = {
      surface: 'slack',
      channel: placeOf(body.team?.id, body.channel?.id ?? config.channel),
      user: body.user.id,
    };
    const choice = action.selected_option.value;
    await soonest(ack, async () => {
      const by = await peopleIn(body.team?.id).presser(body.user.id, body.user.name);
      const nonce = `${body.user.id}.${choice}.${action.action_ts}`;
      await press({
        alertId: '',
        action: action.action_id as ActionId,
        by,
        input: { choice },
        nonce,
        replyTo,
      });
    });
  });

  app.action<BlockAction<ButtonAction>>(/^caller_(yes|no|automation)$/, async ({ ack, body, action }) => {
    const answer = action.action_id.slice('caller_'.length);
    const note = Object.values(body.state?.values?.note ?? {})[0]?.value ?? '';
    const replyTo = {
      surface: 'slack',
      channel: placeOf(body.team?.id, body.channel?.id ?? body.user.id),
      user: body.user.id,
    };
    await soonest(ack, async () => {
      const by = await peopleIn(body.team?.id).presser(body.user.id, body.user.name);
      await press({
        alertId: action.value ?? '',
        action: 'ask_caller',
        by,
        input: { answer, ...(note ? { note } : {}) },
        nonce: `${body.user.id}.answer`,
        replyTo,
      });
    });
  });
}
