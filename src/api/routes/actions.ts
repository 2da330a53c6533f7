import { z } from 'zod';
import type { AlertAction, PressJob } from '../../actions/action';
import { actionOf } from '../../actions/registry';
import { needsFourEyes, rightsFor } from '../../actions/rights';
import { actionsOf, type Action as Shown } from '../../chat/actions';
import { Refusal } from '../../domain/alerts/transitions';
import type { AlertView } from '../../domain/measures/alert-view';
import { plainLine } from '../../domain/text/plain-text';
import { refusalOnAlert } from '../../presses/authorize-press';
import { readInput } from '../../presses/press-input';
import type { ApiDeps } from '../api-deps';
import type { Caller } from '../auth/authenticate';
import { Problem } from '../problem';
import { pressAnswer, pressSchema, requestPress } from '../request-press';
import { defineRoute, ok } from '../route';
import { alertId, viewOf } from './alerts';

const actionId = z
  .string()
  .regex(/^[a-z_]{1,50}$/)
  .describe('Id of an action');

const offerSchema = z
  .object({
    action: z.string(),
    name: z.string(),
    group: z.enum(['triage', 'contain', 'access', 'preserve', 'recover', 'hand over']),
    description: z.string(),
    input: z.record(z.string(), z.unknown()).describe('JSON schema of the input'),
    choices: z.array(z.object({ value: z.string(), label: z.string() })).describe('Values of `input.choice`'),
    needsApproval: z.boolean().describe('A second person must approve it, whatever the input'),
    hasDryRun: z.boolean(),
    isAllowed: z.boolean().describe('Whether the caller may do it here'),
    why: z.string().nullable().describe('Why the caller may not'),
  })
  .meta({ id: 'Offer', description: 'An action that the alert’s state allows.' });

const inputSchema = z
  .strictObject({
    input: z
      .record(z.string().max(100), z.unknown())
      .optional()
      .describe('As the schema of the offered action says'),
  })
  .meta({ id: 'ActionRequest', examples: [{ input: { as: 'benign', note: 'Planned maintenance' } }] });

/** The press that the caller would make, to ask for its rights. */
const pressBy = (
  { presser }: Caller,
  alert: AlertView['alert'],
  action: string,
  input: Record<string, unknown>,
  now: number,
): PressJob => ({
  pressId: 'api-question',
  alertId: alert.id,
  action,
  by: presser,
  at: new Date(now).toISOString(),
  input,
});

/** Why the caller may not do this; null if they may. */
function refusalOf(
  action: AlertAction,
  view: AlertView,
  input: Record<string, unknown>,
  caller: Caller,
  { rights, now }: ApiDeps,
): Promise<string | null> {
  const press = pressBy(caller, view.alert, action.id, input, now());
  return refusalOnAlert(action, rightsFor(action, input, view), press, view.alert, rights);
}

/** What the alert's state allows, without the decisions that only people take. */
const shownActions = (view: AlertView, { rights, now }: ApiDeps): Shown[] =>
  actionsOf(view, rights.config.responders.length > 0, now()).filter(({ approvalId }) => !approvalId);

async function offerOf(
  shown: Shown,
  view: AlertView,
  caller: Caller,
  deps: ApiDeps,
): Promise<z.output<typeof offerSchema>[]> {
  const action = actionOf(shown.id);
  if (action?.about !== 'alert' || action.right === 'asked') return [];
  const why = await refusalOf(action, view, {}, caller, deps);
  return [
    {
      action: action.id,
      name: shown.label.replace(/…$/, ''),
      group: shown.group,
      description: shown.does,
      input: inputOf(action),
      choices: shown.choices ?? [],
      needsApproval: needsFourEyes(action, {}, view, deps.rights.config.policy, actionOf),
      hasDryRun: action.plan !== undefined,
      isAllowed: why === null,
      why,
    },
  ];
}

function inputOf({ input }: AlertAction): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(input ?? z.strictObject({}), {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
  });
  return json;
}

const listActions = defineRoute({
  method: 'get',
  path: '/alerts/{id}/actions',
  operationId: 'listActions',
  tag: 'Actions',
  summary: 'List the actions that an alert offers',
  description:
    'What the alert’s state allows, most used first, with what the caller may do. An exception that is too broad needs approval too, which depends on its input.',
  scope: 'Alerts.Read',
  params: { id: alertId },
  answer: {
    status: 200,
    description: 'The actions.',
    schema: z.object({ items: z.array(offerSchema) }),
  },
  handle: async ({ params, caller }, deps) => {
    const view = await viewOf(params.id, deps);
    const offers = await Promise.all(
      shownActions(view, deps).map((shown) => offerOf(shown, view, caller, deps)),
    );
    return ok({ items: offers.flat() });
  },
});

/** @throws {Problem} if the action is unknown or only for people, or the input does not fit it */
function readAction(id: string, given: Record<string, unknown> | undefined) {
  const action = actionOf(id);
  const isPersonal = action && (action.about === 'approval' || action.right === 'asked');
  if (isPersonal) throw new Problem('needs-person', 'Decide or answer it in a chat or in the console.');
  if (action?.about !== 'alert') throw new Problem('not-found', 'No action on alerts has this id.');
  const read = readInput(action, given);
  if ('refused' in read) throw new Problem('invalid-input', read.refused);
  return { action, input: read.input };
}

/** @throws {Problem} if the alert's state does not allow it */
function checkOffered(view: AlertView, id: string, deps: ApiDeps): Shown {
  const shown = shownActions(view, deps).find((one) => one.id === id);
  if (!shown)
    throw new Problem('not-offered', `${id} is not available on ${view.alert.id} (${view.alert.state}) now.`);
  return shown;
}

const doAction = defineRoute({
  method: 'post',
  path: '/alerts/{id}/actions/{action}',
  operationId: 'doAction',
  tag: 'Actions',
  summary: 'Do an action',
  description:
    'Requests an action as its button does. It is carried out afterwards: `Location` says what became of it. Refusals for lack of rights are in the audit log.',
  scope: 'Alerts.Act',
  params: { id: alertId, action: actionId },
  body: inputSchema,
  isIdempotent: true,
  problems: ['needs-person', 'not-offered'],
  answer: {
    status: 202,
    description: 'The action is requested.',
    schema: pressSchema,
    location: 'Where to read what became of it.',
  },
  handle: async ({ params, body, caller, idempotencyKey }, deps) => {
    const { action, input } = readAction(params.action, body.input);
    const view = await viewOf(params.id, deps);
    const check = async () => void checkOffered(view, action.id, deps);
    const asked = { alertId: view.alert.id, action: action.id, input, caller, idempotencyKey };
    return requestPress(asked, check, deps);
  },
});

const dryRun = defineRoute({
  method: 'post',
  path: '/alerts/{id}/actions/{action}/dry-run',
  operationId: 'dryRunAction',
  tag: 'Actions',
  summary: 'Say what an action would do',
  description:
    'Reads from Azure what the action would change, and changes nothing. It takes the same rights.',
  scope: 'Alerts.Act',
  params: { id: alertId, action: actionId },
  body: inputSchema,
  problems: ['needs-person', 'not-offered', 'not-allowed'],
  answer: {
    status: 200,
    description: 'The steps.',
    schema: z
      .object({
        action: z.string(),
        alertId: z.string(),
        steps: z.array(z.string()).nullable().describe('Null if the action has no plan'),
        needsApproval: z.boolean(),
      })
      .meta({ id: 'DryRun' }),
  },
  handle: async ({ params, body, caller }, deps) => {
    const { action, input } = readAction(params.action, body.input);
    const view = await viewOf(params.id, deps);
    checkOffered(view, action.id, deps);
    const why = await refusalOf(action, view, input, caller, deps);
    if (why) throw new Problem('not-allowed', why);
    const press = pressBy(caller, view.alert, action.id, input, deps.now());
    const steps = await action.plan?.(view, press, deps.dryRun).catch((error) => {
      if (error instanceof Refusal) throw new Problem('not-offered', error.message);
      throw error;
    });
    return ok({
      action: action.id,
      alertId: view.alert.id,
      steps: steps?.map((step) => plainLine(step, 500)) ?? null,
      needsApproval: needsFourEyes(action, input, view, deps.rights.config.policy, actionOf),
    });
  },
});

const getPress = defineRoute({
  method: 'get',
  path: '/presses/{id}',
  operationId: 'getPress',
  tag: 'Actions',
  summary: 'Get what became of an action',
  description: 'Only the caller who requested it learns this, for a day.',
  scope: 'Alerts.Read',
  params: {
    id: z
      .string()
      .regex(/^press-[0-9A-Z]{1,40}$/)
      .describe('Id of a press'),
  },
  answer: { status: 200, description: 'The press.', schema: pressSchema },
  handle: async ({ params, caller }, deps) => {
    const press = await deps.presses.get(params.id);
    if (press?.caller !== caller.key)
      throw new Problem('not-found', 'You requested no action with this id in the last day.');
    return ok(await pressAnswer(press, deps));
  },
});

export const actionRoutes = [listActions, doAction, dryRun, getPress];
