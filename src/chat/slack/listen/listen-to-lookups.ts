import type { BlockSuggestion, SlackViewAction } from '@slack/bolt';
import type { InputBlock, ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Presser } from '../../../domain/people/person';
import { phrase, t, translate } from '../../../domain/text/translate';
import type { SuggestionKind } from '../../suggestions';
import { escapeMrkdwn } from '../mrkdwn';
import { plain } from '../plain-object';
import { readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';

const lookupCallback = 'runwatch_lookup';
/** Prefix of the action ids of selects that complete what a person types; the kind follows. */
const suggestAction = 'suggest.';

/** A select whose options come from {@link listenToLookups}. Its block id is the kind. */
export const suggestInput = (kind: SuggestionKind, label: string, placeholder: string): InputBlock => ({
  type: 'input',
  block_id: kind,
  label: plain(label),
  element: {
    type: 'external_select',
    action_id: `${suggestAction}${kind}`,
    placeholder: plain(placeholder),
    min_query_length: 0,
  },
});

/** The value chosen in a {@link suggestInput}; empty if none. */
export const suggested = (values: SlackViewAction['view']['state']['values'], kind: SuggestionKind): string =>
  values[kind]?.[`${suggestAction}${kind}`]?.selected_option?.value ?? '';

const scope = () => suggestInput('scope', t`Machine or subscription`, t`Type part of a name`);
/** Commands that open a dialog when nothing follows them. */
const lookups: Record<string, { title: string; blocks: () => InputBlock[] }> = {
  roles: {
    title: phrase('Roles of a caller'),
    blocks: () => [
      suggestInput('caller', t`Caller`, t`Type part of a name or an ID`),
      { ...scope(), optional: true, hint: plain(t`Empty: up to 10 subscriptions that Runwatch reads`) },
    ],
  },
  'who-can': { title: phrase('Who can run commands'), blocks: () => [scope()] },
};

export const hasLookup = (command: string): boolean => Object.hasOwn(lookups, command);

/** Opens the dialog of a command. The answer goes to the channel of the command. */
export async function openLookup(
  command: string,
  channel: string,
  { triggerId, client }: { triggerId: string; client: WebClient },
): Promise<void> {
  const { title, blocks } = lookups[command] as (typeof lookups)[string];
  const view: ModalView = {
    type: 'modal',
    callback_id: lookupCallback,
    private_metadata: JSON.stringify({ command, channel }),
    title: plain(translate(title)),
    submit: plain(t`Show`),
    close: plain(t`Cancel`),
    blocks: blocks(),
  };
  await client.views.open({ trigger_id: triggerId, view });
}

/** Completes callers, machines and alerts while a person types, and answers the dialogs of commands. */
export function listenToLookups(listenerDeps: ListenerDeps): void {
  const { app, command: answer, suggestions } = listenerDeps;

  const presserOf = (user: { id: string; name?: string }, team: string | undefined): Presser => ({
    surface: 'slack',
    id: user.id,
    name: user.name ?? user.id,
    ...(team ? { team } : {}),
  });

  app.options<'block_suggestion'>(
    { type: 'block_suggestion', action_id: /^suggest\.(caller|scope|alert)$/ },
    async ({ ack, body }) => {
      const { user, team, action_id: id, value } = body as BlockSuggestion;
      const who = await readerOf(presserOf(user, team?.id ?? user.team_id), listenerDeps);
      const kind = id.slice(suggestAction.length) as SuggestionKind;
      const found = 'refused' in who ? [] : await suggestions.suggest(kind, value);
      await ack({ options: found.map((one) => ({ value: one.value, text: plain(one.text) })) });
    },
  );

  app.view(lookupCallback, async ({ ack, body, view, client }) => {
    const who = await readerOf(presserOf(body.user, body.team?.id ?? body.user.team_id), listenerDeps);
    const first = view.blocks[0]?.block_id ?? '';
    const refuse = (block: string, text: string) =>
      ack({ response_action: 'errors', errors: { [block]: text } });
    if ('refused' in who) return refuse(first, who.refused);
    const { command, channel } = JSON.parse(view.private_metadata) as { command: string; channel: string };
    const chosen = suggested(view.state.values, 'scope');
    const at = chosen ? await suggestions.scopeOf(chosen) : '';
    if (at === null)
      return refuse('scope', t`This machine is no longer among recent alerts. Choose another.`);
    await ack();
    const text = await answer([command, suggested(view.state.values, 'caller'), at].join(' '));
    await client.chat.postEphemeral({
      channel,
      user: body.user.id,
      text: escapeMrkdwn(text.slice(0, 30_000)),
    });
  });
}
