import type { MessageShortcut } from '@slack/bolt';
import type { Presser } from '../../../domain/people/person';
import { plainLine } from '../../../domain/text/plain-text';
import { t } from '../../../domain/text/translate';
import { escapeMrkdwn } from '../mrkdwn';
import { plain } from '../plain-object';
import { addToAlertShortcut } from '../slack-manifest';
import { readerOf } from './listen-to-forms';
import { hasLookup, openLookup, suggested, suggestInput } from './listen-to-lookups';
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
  const { app, placeOf, press, command, suggestions } = listenerDeps;

  const pressedBy = (id: string, name: string | undefined, team: string | undefined): Presser => ({
    surface: 'slack',
    id,
    name: name ?? id,
    ...(team ? { team } : {}),
  });

  app.command('/runwatch', async ({ ack, command: asked, client }) => {
    await ack();
    const who = await readerOf(pressedBy(asked.user_id, asked.user_name, asked.team_id), listenerDeps);
    const lookup = asked.text.trim().toLowerCase();
    if (!('refused' in who) && hasLookup(lookup))
      return openLookup(lookup, asked.channel_id, { triggerId: asked.trigger_id, client });
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
    const [some] = await suggestions.suggest('alert', '');
    const { permalink } = await client.chat
      .getPermalink({ channel: body.channel.id, message_ts: body.message.ts ?? body.message_ts })
      .catch(() => ({ permalink: '' }));
    const quoted: Quoted = {
      text: plainLine(body.message.text, 1500),
      link: permalink ?? '',
      channel: placeOf(body.team?.id, body.channel.id),
    };
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: 'modal',
        callback_id: addToAlertCallback,
        private_metadata: JSON.stringify(quoted),
        title: plain(t`Add to alert`),
        ...(some ? { submit: plain(t`Add`) } : {}),
        close: plain(t`Cancel`),
        blocks: some
          ? [suggestInput('alert', t`Alert`, t`Type a machine, a caller or an alert ID`)]
          : [{ type: 'section', text: plain(t`No alerts are open.`) }],
      },
    });
  });

  app.view(addToAlertCallback, async ({ ack, body, view }) => {
    const quoted = JSON.parse(view.private_metadata) as Quoted;
    const alertId = suggested(view.state.values, 'alert');
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
