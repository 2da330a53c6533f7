import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Presser } from '../../../domain/people/person';
import { t } from '../../../domain/text/translate';
import { messageOf } from '../../message';
import { allModal } from '../all-modal';
import type { ModalContext } from '../form-modal';
import { readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';

/**
 * The modal with every response; null if there is no such alert.
 * @param pressed id of the action, or of the approval, whose button was just pressed
 */
export async function allModalOf(
  modalContext: ModalContext,
  { getView, missingPermissions, responders, linkTo, now }: ListenerDeps,
  pressed: string | null = null,
): Promise<ModalView | null> {
  const view = await getView(modalContext.alertId);
  if (!view) return null;
  const { actions } = messageOf(view, { responders, linkTo, now: now() }).page();
  const found = actions.find(({ id, approvalId }) => (approvalId ?? id) === pressed);
  return allModal(modalContext, actions, await missingPermissions(view), found ?? null);
}

/** Opens *All responses*. It shows alert data, so whoever opens it must have read access. */
export async function openAll(
  modalContext: ModalContext,
  by: Presser,
  { triggerId, client }: { triggerId: string; client: WebClient },
  listenerDeps: ListenerDeps,
): Promise<void> {
  const who = await readerOf(by, listenerDeps);
  const view = 'refused' in who ? null : await allModalOf(modalContext, listenerDeps);
  if (view) {
    await client.views.open({ trigger_id: triggerId, view });
    return;
  }
  await client.chat.postEphemeral({
    channel: modalContext.channel.split('/').at(-1) ?? '',
    user: by.id,
    text: 'refused' in who ? who.refused : t`This alert has expired.`,
  });
}
