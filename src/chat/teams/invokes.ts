import type { Activity } from '@microsoft/agents-activity';
import { z } from 'zod';
import type { MissingPermissions } from '../../actions/missing-permissions';
import { actionOf } from '../../actions/registry';
import type { Sla } from '../../domain/alerts/timing';
import type { AlertView } from '../../domain/measures/alert-view';
import type { Presser } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t, translate } from '../../domain/text/translate';
import type { Action } from '../actions';
import { allId } from '../controls';
import { type MessageModel, messageOf } from '../message';
import type { Identified, SurfacePress } from '../surface-press';
import { refreshVerb, toCard } from './card';
import { opensFirst } from './card-elements';
import { fromAll, toAllCard, toDialogCard } from './dialog-cards';
import { rootOf } from './places';
import type { Views } from './views';

export interface InvokeDeps {
  press: (press: SurfacePress) => Promise<string>;
  answerTo: (pressId: string) => Promise<string | null>;
  getView: (id: string) => Promise<AlertView | null>;
  /** Permissions that the bot lacks for the actions on an alert; null if that can't be told. */
  missingPermissions: (view: AlertView) => Promise<MissingPermissions | null>;
  /** False if no responder is configured. */
  responders: boolean;
  /** Link to an alert's page; null without a public URL. */
  linkTo: (alertId: string) => string | null;
  /** Targets of the response times. */
  sla: Sla;
  views: Views;
  /** Identifies the sender of an activity if they have read access; otherwise the reason for refusal. */
  readerOf: (activity: Activity) => Promise<Identified>;
  /** Sends one person the result of their press, if the invoke response could not include it. */
  tell: (person: Presser, text: string) => Promise<void>;
  now: () => number;
}

/** Teams waits a few seconds for an invoke response. A result within this time goes into it, ms. */
const answerTimeoutMs = 2500;
/** A later result is sent to the presser in a direct chat, up to this long after the press, ms. */
const lateAnswerTimeoutMs = 120_000;

const cardType = 'application/vnd.microsoft.card.adaptive';
const messageType = 'application/vnd.microsoft.activity.message';

/** Data from a card or dialog: verb, ids and form values. It comes from the client and is not trusted. */
const dataSchema = z.record(z.string().max(100), z.unknown()).transform((data) => {
  const texts = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts.map(([key, text]) => [key, text.slice(0, 5000)]));
});
const executeSchema = z.looseObject({
  action: z.looseObject({ verb: z.string().max(100), data: dataSchema.optional() }),
});
const taskSchema = z.looseObject({ data: dataSchema });

type Data = Record<string, string>;

/** Answers invokes of cards: buttons, dialogs that open or are submitted, and card refreshes. */
export function createInvokes({
  press,
  answerTo,
  getView,
  missingPermissions,
  responders,
  linkTo,
  sla,
  views,
  readerOf,
  tell,
  now,
}: InvokeDeps): (activity: Activity) => Promise<unknown> {
  const viewOf = async (alertId: string) => (alertId ? getView(alertId) : null);
  const modelOf = (view: AlertView): MessageModel => messageOf(view, { responders, linkTo, sla, now: now() });

  async function answer(activity: Activity): Promise<unknown> {
    if (activity.name === 'adaptiveCard/action') {
      const parsed = executeSchema.safeParse(activity.value);
      if (!parsed.success) return shown(messageType, translate(unknownButton));
      const { verb, data = {} } = parsed.data.action;
      if (verb === refreshVerb) return refreshCard(activity, data.alertId ?? '');
      return shown(messageType, await pressed(activity, verb, data));
    }
    if (activity.name !== 'task/fetch' && activity.name !== 'task/submit') return null;
    const parsed = taskSchema.safeParse(activity.value);
    if (!parsed.success) return message(translate(unknownButton));
    const { verb = '', type: _, from, ...given } = parsed.data.data;
    if (activity.name === 'task/fetch') return openDialog(activity, verb, given.alertId ?? '');
    const action = await offeredAction(verb, given.alertId ?? '');
    if (from === fromAll && !(action && !opensFirst(action)) && !given.approvalId)
      return openDialog(activity, verb, given.alertId ?? '');
    const form = action?.read?.(withDefaultOwner(given, activity));
    if (action && form && 'faults' in form) {
      const who = await readerOf(activity);
      if ('refused' in who) return message(who.refused);
      return dialog(action, given.alertId ?? '', Object.values(form.faults).join('. '));
    }
    return message(await pressed(activity, verb, given));
  }

  const message = (value: string) => ({ task: { type: 'message', value } });

  /** Returns a person's own view of a card. Teams requests it for users listed in the card's `refresh`. */
  async function refreshCard(activity: Activity, alertId: string): Promise<unknown> {
    const who = await readerOf(activity);
    if ('refused' in who) return shown(messageType, who.refused);
    const view = await viewOf(alertId);
    if (!view) return shown(messageType, t`This alert has expired.`);
    const place = rootOf(activity.conversation?.id ?? '');
    return shown(cardType, toCard(modelOf(view), await views.of(place, activity.from?.id ?? '')));
  }

  async function offeredAction(verb: string, alertId: string): Promise<Action | null> {
    const view = await viewOf(alertId);
    return (
      (view &&
        modelOf(view)
          .page()
          .actions.find(({ id }) => id === verb)) ??
      null
    );
  }

  async function openDialog(activity: Activity, verb: string, alertId: string): Promise<unknown> {
    const who = await readerOf(activity);
    if ('refused' in who) return message(who.refused);
    if (verb === allId) return allDialog(alertId);
    const action = await offeredAction(verb, alertId);
    return action
      ? dialog(action, alertId)
      : message(t`This action is no longer available in the alert’s current state.`);
  }

  async function allDialog(alertId: string): Promise<unknown> {
    const view = await viewOf(alertId);
    if (!view) return message(t`This alert has expired.`);
    const { actions } = modelOf(view).page();
    const content = toAllCard(actions, alertId, await missingPermissions(view));
    return {
      task: {
        type: 'continue',
        value: {
          title: t`All responses`,
          height: 'large',
          width: 'medium',
          card: { contentType: cardType, content },
        },
      },
    };
  }

  const dialog = (action: Action, alertId: string, fault?: string) => ({
    task: {
      type: 'continue',
      value: {
        title: plainLine(action.confirm?.title ?? action.label, 60),
        height: 'medium',
        width: 'medium',
        card: { contentType: cardType, content: toDialogCard(action, alertId, fault) },
      },
    },
  });

  async function pressed(activity: Activity, verb: string, data: Data): Promise<string> {
    const { from, id, conversation } = activity;
    const { alertId = '', exceptionId, approvalId, choice, answer, ...values } = data;
    const asked = verb === 'ask_caller' && answer !== undefined;
    const defined = actionOf(asked ? 'answer' : verb);
    if (!defined || (defined.right === 'asked' && !asked)) return translate(unknownButton);
    if (!(alertId || exceptionId || approvalId || choice)) return translate(unknownButton);
    const action = defined.id;
    const by: Presser = {
      surface: 'teams',
      id: from?.aadObjectId ?? from?.id ?? 'unknown',
      name: plainLine(from?.name ?? t`unknown Teams user`, 80),
    };
    let input: Record<string, unknown> | undefined;
    if (exceptionId) input = { exceptionId };
    if (choice) input = { choice };
    if (approvalId) input = { approvalId };
    if (asked) input = { answer, ...(values.note ? { note: values.note } : {}) };
    const found = alertId && !asked ? await offeredAction(action, alertId) : null;
    if (found?.read) {
      const form = found.read(withDefaultOwner(values, activity));
      if ('faults' in form) return Object.values(form.faults).join('. ');
      input = form.input;
    }
    const pressId = await press({
      alertId,
      action,
      by,
      nonce: `${by.id}.${id ?? Date.now()}`,
      replyTo: { surface: 'teams', channel: rootOf(conversation?.id ?? ''), user: from?.id ?? '' },
      ...(input ? { input } : {}),
    });
    const quickAnswer = await waitForAnswer(pressId, answerTimeoutMs);
    if (quickAnswer) return quickAnswer;
    waitForAnswer(pressId, lateAnswerTimeoutMs)
      .then((lateAnswer) => (lateAnswer ? tell(by, lateAnswer) : undefined))
      .catch(() => {});
    return t`Received. The message will show the result.`;
  }

  async function waitForAnswer(pressId: string, withinMs: number): Promise<string | null> {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
      const answer = await answerTo(pressId);
      if (answer) return answer;
      await new Promise((done) => setTimeout(done, withinMs / 25));
    }
    return null;
  }

  return answer;
}

const unknownButton = phrase('This button is not recognized.');

/** The owner defaults to the presser. */
const withDefaultOwner = (values: Data, { from }: Activity): Data => ({
  ...values,
  owner: values.owner || plainLine(from?.name ?? t`unknown Teams user`, 80),
});

const shown = (type: string, value: unknown) => ({ statusCode: 200, type, value });
