import type { BlockAction, ButtonAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Field } from '../../../actions/form';
import type { Exception } from '../../../domain/exceptions/exception';
import type { AlertView } from '../../../domain/measures/alert-view';
import type { Presser } from '../../../domain/people/person';
import { t, translate } from '../../../domain/text/translate';
import type { Action } from '../../actions';
import { messageOf } from '../../message';
import type { Identified } from '../../surface-press';
import { backtestAction, formCallback, formModal, type ModalContext, valuesOf } from '../form-modal';
import type { ListenerDeps } from './listener-deps';
import { queueThenAck } from './queue-then-ack';

const firstInput = (blocks: readonly { type: string; block_id?: string }[]): string =>
  blocks.find(({ type }) => type === 'input')?.block_id ?? 'intro';

type Filled = Pick<Exception, 'match' | 'silenceCritical'>;

/**
 * Opens the form of a button; false if it has none.
 * @param confirms whether a modal asks for confirmation: a menu's option has no dialog of its own
 */
export async function openForm(
  modalContext: ModalContext,
  by: Presser,
  { triggerId, client, confirms }: { triggerId: string; client: WebClient; confirms: boolean },
  listenerDeps: ListenerDeps,
): Promise<boolean> {
  const known = await listenerDeps.getView(modalContext.alertId);
  const found = known && formOf(known, modalContext, null, listenerDeps);
  if (!found || !(found.form || confirms)) return false;
  const who = await readerOf(by, listenerDeps);
  if ('refused' in who) {
    await client.chat.postEphemeral({
      channel: modalContext.channel.split('/').at(-1) ?? '',
      user: by.id,
      text: who.refused,
    });
    return true;
  }
  const action = formOf(known, modalContext, who.presser, listenerDeps);
  if (!action) return false;
  const view = await modalOf(modalContext, action, action.fields, listenerDeps);
  const open = modalContext.onTop ? client.views.push : client.views.open;
  await open({ trigger_id: triggerId, view });
  return true;
}

/** A form shows alert data, so whoever opens it must be identified and have read access. */
export async function readerOf(
  by: Presser,
  { peopleIn, mayRead, cannotRead }: ListenerDeps,
): Promise<Identified> {
  const known = await peopleIn(by.team).identify(by.id, by.team);
  if ('refused' in known) return known;
  return (await mayRead(known.presser)) ? known : { refused: translate(cannotRead) };
}

const formOf = (
  view: AlertView,
  { action }: ModalContext,
  presser: Presser | null,
  { responders, linkTo, now }: ListenerDeps,
) => {
  const { actions } = messageOf(view, { responders, linkTo, now: now() }).page();
  const shown = actions.find(({ id }) => id === action);
  const fields = shown?.form?.(presser, now()) ?? (shown?.confirm ? [] : null);
  return shown && fields ? { ...shown, fields } : null;
};

async function modalOf(
  modalContext: ModalContext,
  { id, label, confirm, read }: Action,
  fields: readonly Field[],
  { backtest }: ListenerDeps,
): Promise<ModalView> {
  const values = Object.fromEntries(fields.map((field) => [field.id, field.value]));
  const form = id === 'add_exception' ? read?.(values) : null;
  const counted = form && 'input' in form ? await backtest(form.input as unknown as Filled) : '';
  return formModal(modalContext, {
    title: confirm?.title ?? label,
    intro: `${confirm?.text ?? ''} ${counted}`.trim(),
    fields,
    submit: confirm?.yes ?? t`Save`,
  });
}

/** Handles submitted forms and requests to run the backtest again. */
export function listenToForms(listenerDeps: ListenerDeps): void {
  const { app, peopleIn, press, getView } = listenerDeps;

  app.action<BlockAction<ButtonAction>>(backtestAction, async ({ ack, body, client }) => {
    await ack();
    const { view } = body;
    if (!view) return;
    const modalContext = JSON.parse(view.private_metadata) as ModalContext;
    const team = body.team?.id ?? body.user.team_id;
    const who = await readerOf(
      { surface: 'slack', id: body.user.id, name: body.user.name ?? '', ...(team ? { team } : {}) },
      listenerDeps,
    );
    if ('refused' in who) return;
    const known = await getView(modalContext.alertId);
    const action = known && formOf(known, modalContext, who.presser, listenerDeps);
    if (!action) return;
    const values = valuesOf(view.state.values);
    const fields = action.fields.map((field) => ({ ...field, value: values[field.id] ?? field.value }));
    await client.views.update({
      view_id: view.id,
      hash: view.hash,
      view: await modalOf(modalContext, action, fields, listenerDeps),
    });
  });

  app.view(formCallback, async ({ ack, body, view }) => {
    const modalContext = JSON.parse(view.private_metadata) as ModalContext;
    const known = await getView(modalContext.alertId);
    const team = body.team?.id ?? body.user.team_id;
    const pressed: Presser = {
      surface: 'slack',
      id: body.user.id,
      name: body.user.name,
      ...(team ? { team } : {}),
    };
    const who = await peopleIn(team).identify(body.user.id, team);
    if ('refused' in who) {
      await ack({ response_action: 'errors', errors: { [firstInput(view.blocks)]: who.refused } });
      return;
    }
    const by = who.presser;
    const action = known && formOf(known, modalContext, by, listenerDeps);
    const asOpened = Object.fromEntries((action?.fields ?? []).map((field) => [field.id, field.value]));
    const given = { ...asOpened, ...valuesOf(view.state.values) };
    const form = action?.read?.(given) ?? { input: {} };
    if ('faults' in form) {
      await ack({ response_action: 'errors', errors: form.faults });
      return;
    }
    const done = () => (modalContext.onTop ? ack({ response_action: 'clear' }) : ack());
    await queueThenAck(done, async () => {
      await press({
        alertId: modalContext.alertId,
        action: modalContext.action,
        by: pressed,
        input: form.input,
        nonce: `${body.user.id}.${view.id}`,
        replyTo: { surface: 'slack', channel: modalContext.channel, user: body.user.id },
      });
    });
  });
}
