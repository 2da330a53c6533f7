import type { BlockAction, ButtonAction } from '@slack/bolt';
import { actionOf } from '../../../actions/registry';
import type { Presser } from '../../../domain/people/person';
import { t } from '../../../domain/text/translate';
import { homeAction } from '../home-blocks';
import { homeOf } from '../workspaces';
import { openForm, readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';
import { publishHome } from './publish-home';
import { queueThenAck } from './queue-then-ack';

const homeActions = new RegExp(`^${homeAction.replace('.', '\\.')}[a-z_]+$`);

/** Handles the home page. A press there is answered in a direct message, and on the page itself. */
export function listenToHome(listenerDeps: ListenerDeps): void {
  const { app, placeOf, press } = listenerDeps;

  app.event('app_home_opened', async ({ event, client, context }) => {
    if (event.tab !== 'home') return;
    const { teamId: team } = context;
    const by: Presser = { surface: 'slack', id: event.user, name: event.user, ...(team ? { team } : {}) };
    await publishHome(by, client, listenerDeps);
  });

  app.action<BlockAction<ButtonAction>>(
    { action_id: homeActions, type: 'block_actions' },
    async ({ ack, body, action: pressed, client }) => {
      const action = actionOf(pressed.action_id.slice(homeAction.length));
      const value = pressed.value ?? '';
      if (!action) return;
      const { id, name } = body.user;
      const team = body.team?.id ?? body.user.team_id;
      const by: Presser = { surface: 'slack', id, name: name ?? id, ...(team ? { team } : {}) };
      const channel = placeOf(team, homeOf(id));
      await queueThenAck(ack, async () => {
        const about =
          action.about === 'exception' ? { alertId: '', input: { exceptionId: value } } : { alertId: value };
        if (action.about === 'alert' && action.fields) {
          // Someone who may no longer read gets a page that says so instead of the form.
          const may = !('refused' in (await readerOf(by, listenerDeps)));
          const modal = { action: action.id, alertId: value, channel };
          const trigger = { triggerId: body.trigger_id, client, confirms: false };
          if (may && (await openForm(modal, by, trigger, listenerDeps))) return;
          return publishHome(
            by,
            client,
            listenerDeps,
            t`The alert has changed since. This page is up to date now.`,
          );
        }
        await press({
          ...about,
          action: action.id,
          by,
          nonce: `${id}.${action.id}.${pressed.action_ts}`,
          replyTo: { surface: 'slack', channel, user: id },
        });
      });
    },
  );
}
