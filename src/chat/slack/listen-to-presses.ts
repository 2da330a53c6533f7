import type { BlockAction, ButtonAction, StaticSelectAction } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { type ActionId, actionIds } from '../../config';
import type { SurfacePress } from '../press';
import { openForm } from './listen-to-forms';
import type { SlackListening } from './slack-app';
import { soonest } from './soonest';

/** Answers come from questions, choices from menus; neither stands on a button of its own. */
const buttons = new RegExp(
  `^(${actionIds.filter((id) => id !== 'quick_exception' && id !== 'answer' && !id.endsWith('_listed')).join('|')})$`,
);

/**
 * Turns what is pressed into presses: a button that has something to fill in opens it first. Who pressed is looked up where
 * the press takes effect; here only Slack's own ids are passed on.
 */
export function listenToPresses(listening: SlackListening): void {
  const { app, placeOf, press, config } = listening;

  const where = (
    body: BlockAction,
    otherwise = config.channel,
  ): Pick<SurfacePress, 'by' | 'replyTo'> & { channel: string } => {
    const team = body.team?.id ?? body.user.team_id;
    const channel = placeOf(team, body.channel?.id ?? otherwise);
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
    id: ActionId,
    value: string,
    at: string,
    client: WebClient,
  ): Promise<void> {
    const { channel, by, replyTo } = where(body);
    const trigger = { triggerId: body.trigger_id, client };
    if (await openForm({ action: id, alertId: value, channel }, by, trigger, listening)) return;
    const aboutException = /^((extend|keep|remove)_exception|approve|decline)$/.test(id);
    await press({
      alertId: aboutException ? '' : value,
      action: id,
      by,
      ...(aboutException ? { input: { exceptionId: value } } : {}),
      nonce: `${body.user.id}.${id}.${at || body.trigger_id}`,
      ...(replyTo ? { replyTo } : {}),
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
    await soonest(ack, async () => {
      const { channel: _, ...rest } = where(body);
      const nonce = `${body.user.id}.${choice}.${action.action_ts}`;
      await press({ ...rest, alertId, action: 'quick_exception', input: { choice }, nonce });
    });
  });

  app.action<BlockAction<StaticSelectAction>>(/^(revoke|restore)_listed$/, async ({ ack, body, action }) => {
    const choice = action.selected_option.value;
    await soonest(ack, async () => {
      const { channel: _, ...rest } = where(body);
      const nonce = `${body.user.id}.${choice}.${action.action_ts}`;
      await press({ ...rest, alertId: '', action: action.action_id as ActionId, input: { choice }, nonce });
    });
  });

  app.action<BlockAction<ButtonAction>>(/^caller_(yes|no|automation)$/, async ({ ack, body, action }) => {
    const answer = action.action_id.slice('caller_'.length);
    const note = Object.values(body.state?.values?.note ?? {})[0]?.value ?? '';
    await soonest(ack, async () => {
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
