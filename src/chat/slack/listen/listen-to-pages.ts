import type { MessageShortcut } from '@slack/bolt';
import { summarize } from '../../../domain/alerts/alert';
import type { Presser } from '../../../domain/people/person';
import { plainLine } from '../../../domain/text/plain-text';
import { escapeMrkdwn } from '../mrkdwn';
import { addToAlertShortcut } from '../slack-manifest';
import { readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';
import { queueThenAck } from './queue-then-ack';

const addToAlertCallback = 'runwatch_add_to_alert';
/** Data that a message shortcut keeps while its modal is open. */
interface Quoted {
  text: string;
  link: string;
  channel: string;
}

/** Handles the slash command, and the shortcut that adds a message to an alert. */
export function listenToPages(listenerDeps: ListenerDeps): void {
  const { app, placeOf, press, command, openAlerts } = listenerDeps;

  const pressedBy = (id: string, name: string | undefined, team: string | undefined): Presser => ({
    surface: 'slack',
    id,
    name: name ?? id,
    ...(team ? { team } : {}),
  });

  app.command('/runwatch', async ({ ack, command: asked, client }) => {
    await ack();
    const who = await readerOf(pressedBy(asked.user_id, asked.user_name, asked.team_id), listenerDeps);
    const text = 'refused' in who ? who.refused : (await command(asked.text)).slice(0, 30_000);
    await client.chat.postEphemeral({
      channel: asked.channel_id,
      user: asked.user_id,
      text: escapeMrkdwn(text),
    });
  });

  app.shortcut<MessageShortcut>(addToAlertShortcut, async ({ ack, body, client }) => {
    await ack();
    const who = await readerOf(pressedBy(body.user.id, body.user.name, body.team?.id), listenerDeps);
    if ('refused' in who) {
      await client.chat.postEphemeral({ channel: body.channel.id, user: body.user.id, text: who.refused });
      return;
    }
    const alerts = await openAlerts();
    const { permalink } = await client.chat
      .getPermalink({ channel: body.channel.id, message_ts: body.message.ts ?? body.message_ts })
      .catch(() => ({ permalink: '' }));
    const quoted: Quoted = {
      text: plainLine(body.message.text, 1500),
      link: permalink ?? '',
      channel: placeOf(body.team?.id, body.channel.id),
    };
    const plain = (text: string) => ({ type: 'plain_text' as const, text });
    const options = alerts.map((alert) => ({
      value: alert.id,
      text: plain(
        plainLine(`${alert.id} ${summarize(alert).target.name} ${summarize(alert).caller.name}`, 75),
      ),
    }));
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: addToAlertCallback,
        private_metadata: JSON.stringify(quoted),
        title: plain('Add to alert'),
        ...(options.length > 0 ? { submit: plain('Add') } : {}),
        close: plain('Cancel'),
        blocks:
          options.length === 0
            ? [{ type: 'section', text: plain('No alerts are open.') }]
            : [
                {
                  type: 'input',
                  block_id: 'alert',
                  label: plain('Alert'),
                  element: { type: 'static_select', action_id: 'alert', options },
                },
              ],
      },
    });
  });

  app.view(addToAlertCallback, async ({ ack, body, view }) => {
    const quoted = JSON.parse(view.private_metadata) as Quoted;
    const alertId = view.state.values.alert?.alert?.selected_option?.value ?? '';
    await queueThenAck(ack, async () => {
      const by = pressedBy(body.user.id, body.user.name, body.team?.id ?? body.user.team_id);
      await press({
        alertId,
        action: 'add_note',
        by,
        input: { text: quoted.text, link: quoted.link },
        nonce: `${body.user.id}.${view.id}`,
        replyTo: { surface: 'slack', channel: quoted.channel, user: body.user.id },
      });
    });
  });
}
