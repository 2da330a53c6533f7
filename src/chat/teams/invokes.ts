import type { Activity } from '@microsoft/agents-activity';
import type { Alert, Presser } from '../../alerts/alert';
import { plainLine } from '../../alerts/plain-text';
import { actionIds } from '../../config';
import type { Action } from '../actions';
import { readForm } from '../form';
import { type MessageModel, messageOf } from '../message';
import type { SurfacePress } from '../press';
import { refreshVerb, toCard, toDialogCard } from './card';
import type { Member } from './people';
import type { Views } from './views';

export interface InvokeDeps {
  press: (press: SurfacePress) => Promise<string>;
  answerTo: (pressId: string) => Promise<string | null>;
  getAlert: (id: string) => Promise<Alert | null>;
  /** False when no responder is configured. */
  responders: boolean;
  views: Views;
  memberIn: (conversation: string, who: string) => Promise<Member | null>;
  /** Tells somebody alone what came of their press, when it came too late for Teams. */
  tell: (person: Presser, text: string) => Promise<void>;
  now: () => number;
}

/** Teams waits some seconds for an invoke's answer; what is known by then is told to the presser alone. */
const answerWithinMs = 2500;
/** What comes later than that is told in a chat of their own, for this long. */
const answerAtAllMs = 120_000;

const cardType = 'application/vnd.microsoft.card.adaptive';

type Data = Record<string, string>;

/** Answers what is pressed on a card: buttons, dialogs that open and come back, and cards that are looked at anew. */
export function createInvokes({
  press,
  answerTo,
  getAlert,
  responders,
  views,
  memberIn,
  tell,
  now,
}: InvokeDeps): (activity: Activity) => Promise<unknown> {
  const modelOf = async (alertId: string): Promise<MessageModel | null> => {
    const alert = alertId ? await getAlert(alertId) : null;
    return alert && messageOf(alert, { responders, now: now() });
  };

  async function answer(activity: Activity): Promise<unknown> {
    if (activity.name === 'adaptiveCard/action') {
      const { action } = (activity.value ?? {}) as { action?: { verb?: string; data?: Data } };
      const { verb = '', data = {} } = action ?? {};
      if (verb === refreshVerb) return refreshed(activity, data.alertId ?? '');
      return shown('application/vnd.microsoft.activity.message', await pressed(activity, verb, data));
    }
    const { data = {} } = (activity.value ?? {}) as { data?: Data };
    const { verb = '', msteams: _, ...given } = data;
    if (activity.name === 'task/fetch') return opened(verb, given.alertId ?? '');
    if (activity.name === 'task/submit') {
      const action = await possible(verb, given.alertId ?? '');
      const form = action?.form && readForm(action.id, action.form(), ownedBy(given, activity));
      if (action && form && 'faults' in form)
        return dialog(action, given.alertId ?? '', Object.values(form.faults).join('. '));
      return { task: { type: 'message', value: await pressed(activity, verb, given) } };
    }
    return null;
  }

  /** Their own view of a card, which Teams asks for whoever is named in its `refresh`. */
  async function refreshed({ from, conversation }: Activity, alertId: string): Promise<unknown> {
    const model = await modelOf(alertId);
    if (!model) return shown('application/vnd.microsoft.activity.message', 'That alert is no longer kept.');
    return shown(cardType, toCard(model, await views.of(conversation?.id ?? '', from?.id ?? '')));
  }

  async function possible(verb: string, alertId: string): Promise<Action | null> {
    const model = await modelOf(alertId);
    return model?.actions.find(({ id }) => id === verb) ?? null;
  }

  async function opened(verb: string, alertId: string): Promise<unknown> {
    const action = await possible(verb, alertId);
    if (action) return dialog(action, alertId);
    return { task: { type: 'message', value: 'That can’t be pressed any more as the alert stands.' } };
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
    const action = actionIds.find((id) => id === verb);
    const { alertId = '', exceptionId, choice, answer, ...values } = data;
    if (!action || !(alertId || exceptionId || choice)) return 'That button is not known here.';
    const by = await presserOf(from, conversation?.id ?? '');
    let input: Record<string, unknown> | undefined;
    if (exceptionId) input = { exceptionId };
    if (choice) input = { choice };
    if (answer) input = { answer, ...(values.note ? { note: values.note } : {}) };
    const found = alertId ? await possible(action, alertId) : null;
    if (found?.form) {
      const form = readForm(action, found.form(), ownedBy(values, activity));
      if ('faults' in form) return Object.values(form.faults).join('. ');
      input = form.input;
    }
    const pressId = await press({
      alertId,
      action,
      by,
      nonce: `${by.id}.${id ?? Date.now()}`,
      ...(input ? { input } : {}),
    });
    const soon = await answered(pressId, answerWithinMs);
    if (soon) return soon;
    answered(pressId, answerAtAllMs)
      .then((late) => (late ? tell(by, late) : undefined))
      .catch(() => {});
    return 'Noted; the message shows what comes of it.';
  }

  /** The card's answer names no address, so the conversation's member is looked up: rules may go by it. */
  async function presserOf(from: Activity['from'], conversation: string): Promise<Presser> {
    const member = from?.id ? await memberIn(conversation, from.id).catch(() => null) : null;
    return {
      surface: 'teams',
      id: from?.aadObjectId ?? from?.id ?? 'unknown',
      name: plainLine(from?.name ?? 'somebody in Teams', 80),
      ...(member?.email ? { email: member.email } : {}),
    };
  }

  async function answered(pressId: string, withinMs: number): Promise<string | null> {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
      const answer = await answerTo(pressId);
      if (answer) return answer;
      await new Promise((done) => setTimeout(done, withinMs / 25));
    }
    return null;
  }

  return answer;
}

/** Who names no owner is it. */
const ownedBy = (values: Data, { from }: Activity): Data => ({
  ...values,
  owner: values.owner || plainLine(from?.name ?? 'somebody in Teams', 80),
});

const shown = (type: string, value: unknown) => ({ statusCode: 200, type, value });
