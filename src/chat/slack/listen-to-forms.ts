import type { BlockAction, ButtonAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Field } from '../../actions/form';
import type { Exception } from '../../domain/exceptions/exception';
import type { AlertView } from '../../domain/measures/alert-view';
import type { Presser } from '../../domain/people/person';
import type { Action } from '../actions';
import { messageOf } from '../message';
import type { Identified } from '../surface-press';
import { soonest } from './acknowledge-soon';
import { backtestAction, formCallback, formModal, type ModalMemory, valuesOf } from './form-modal';
import type { SlackListening } from './slack-listening';

const firstInput = (blocks: readonly { type: string; block_id?: string }[]): string =>
  blocks.find(({ type }) => type === 'input')?.block_id ?? 'intro';

type Filled = Pick<Exception, 'match' | 'silenceCritical'>;

/** Opens what a button has to fill in; false when it has nothing. */
export async function openForm(
  memory: ModalMemory,
  by: Presser,
  { triggerId, client }: { triggerId: string; client: WebClient },
  listening: SlackListening,
): Promise<boolean> {
  const known = await listening.getView(memory.alertId);
  if (!(known && formOf(known, memory, null, listening))) return false;
  const who = await readerOf(by, listening);
  if ('refused' in who) {
    await client.chat.postEphemeral({
      channel: memory.channel.split('/').at(-1) ?? '',
      user: by.id,
      text: who.refused,
    });
    return true;
  }
  const action = formOf(known, memory, who.presser, listening);
  if (!action) return false;
  const view = await modalOf(memory, action, action.fields, listening);
  await client.views.open({ trigger_id: triggerId, view });
  return true;
}

/** Whoever opens a form sees what it is about, so they must be known and may read. */
export async function readerOf(
  by: Presser,
  { peopleIn, mayRead, cannotRead }: SlackListening,
): Promise<Identified> {
  const known = await peopleIn(by.team).identify(by.id, by.team);
  if ('refused' in known) return known;
  return (await mayRead(known.presser)) ? known : { refused: cannotRead };
}

const formOf = (
  view: AlertView,
  { action }: ModalMemory,
  presser: Presser | null,
  { responders, now }: SlackListening,
) => {
  const shown = messageOf(view, { responders, now: now() }).actions.find(({ id }) => id === action);
  const fields = shown?.form?.(presser, now()) ?? (shown?.minor && shown.confirm ? [] : null);
  return shown && fields ? { ...shown, fields } : null;
};

async function modalOf(
  memory: ModalMemory,
  { id, label, confirm, read }: Action,
  fields: readonly Field[],
  { backtest }: SlackListening,
): Promise<ModalView> {
  const values = Object.fromEntries(fields.map((field) => [field.id, field.value]));
  const form = id === 'add_exception' ? read?.(values) : null;
  const counted = form && 'input' in form ? await backtest(form.input as unknown as Filled) : '';
  return formModal(memory, {
    title: confirm?.title ?? label,
    intro: `${confirm?.text ?? ''} ${counted}`.trim(),
    fields,
    submit: confirm?.yes ?? 'Save',
  });
}

/** Forms come back: filled, or to be counted again. */
export function listenToForms(listening: SlackListening): void {
  const { app, peopleIn, press, getView } = listening;

  app.action<BlockAction<ButtonAction>>(backtestAction, async ({ ack, body, client }) => {
    await ack();
    const { view } = body;
    if (!view) return;
    const memory = JSON.parse(view.private_metadata) as ModalMemory;
    const team = body.team?.id ?? body.user.team_id;
    const who = await readerOf(
      { surface: 'slack', id: body.user.id, name: body.user.name ?? '', ...(team ? { team } : {}) },
      listening,
    );
    if ('refused' in who) return;
    const known = await getView(memory.alertId);
    const action = known && formOf(known, memory, who.presser, listening);
    if (!action) return;
    const values = valuesOf(view.state.values);
    const fields = action.fields.map((field) => ({ ...field, value: values[field.id] ?? field.value }));
    await client.views.update({
      view_id: view.id,
      hash: view.hash,
      view: await modalOf(memory, action, fields, listening),
    });
  });

  app.view(formCallback, async ({ ack, body, view }) => {
    const memory = JSON.parse(view.private_metadata) as ModalMemory;
    const known = await getView(memory.alertId);
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
    const action = known && formOf(known, memory, by, listening);
    const asOpened = Object.fromEntries((action?.fields ?? []).map((field) => [field.id, field.value]));
    const given = { ...asOpened, ...valuesOf(view.state.values) };
    const form = action?.read?.(given) ?? { input: {} };
    if ('faults' in form) {
      await ack({ response_action: 'errors', errors: form.faults });
      return;
    }
    await soonest(ack, async () => {
      await press({
        alertId: memory.alertId,
        action: memory.action,
        by: pressed,
        input: form.input,
        nonce: `${body.user.id}.${view.id}`,
        replyTo: { surface: 'slack', channel: memory.channel, user: body.user.id },
      });
    });
  });
}
