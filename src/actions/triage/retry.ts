import { Refusal } from '../../domain/alerts/transitions';
import type { AlertView } from '../../domain/measures/alert-view';
import { isHeld, isOpenFailure, type Measure } from '../../domain/measures/measure';
import { phrase, t } from '../../domain/text/translate';
import type { ActionId, AlertAction } from '../action';
import { auditOf } from '../audit-of';
import { retryAll } from '../measures/carry-out';
import { describeOutcomes } from '../measures/outcome';
import { withPress } from '../record';
import { actionOf, defineAction, kindOf } from '../registry';

const failedIn = ({ measures }: AlertView) => measures.filter(isOpenFailure);
const hasFailed = (view: AlertView) =>
  failedIn(view).length > 0 ||
  (view.alert.activity?.failed === true && view.alert.activity.action !== 'retry');

/** Retrying or dismissing a failure requires the right to the action that failed. */
function rightsOf(view: AlertView): ActionId[] {
  const { activity } = view.alert;
  const ids = [...failedIn(view).map(actionThatFailed), ...(activity?.failed ? [activity.action] : [])];
  const named = ids.map((id) => actionOf(id)?.sameRightAs ?? id);
  return named.length > 0 ? [...new Set(named)] : ['acknowledge'];
}

/** Uses the kind, because the record's action field is not signed. */
function actionThatFailed({ kind, way }: Measure): ActionId {
  const known = kindOf(kind);
  return (way === 'undo' ? known?.undoneBy : known?.doneBy) ?? kind;
}

/** Resumes failed measures at the step that failed. An earlier approval stays valid. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'retry',
  group: 'contain',
  name: phrase('Retry'),
  label: phrase('Retry'),
  summary: phrase('Resumes at the step that failed. An earlier approval stays valid.'),
  order: 20,
  often: true,
  style: 'primary',
  right: 'responder',
  parts: (_, view) => rightsOf(view),
  // A measure that was approved before it failed needs no new approval, unless its action always needs one.
  approvalParts: (_, view) => [
    ...failedIn(view)
      .filter((one) => !one.approvedBy || actionOf(actionThatFailed(one))?.fourEyes === 'always')
      .map(actionThatFailed),
    ...(view.alert.activity?.failed ? [view.alert.activity.action] : []),
  ],
  whenClosed: true,
  permissions: [],
  offered: hasFailed,
  run: async (view, press, deps) => {
    const failed = view.measures.filter(
      (one) => isOpenFailure(one) || (one.press === press.pressId && one.state !== 'undone'),
    );
    const { activity } = view.alert;
    const other = activity?.failed && failed.length === 0 ? actionOf(activity.action) : null;
    if (other?.about === 'alert' && activity) {
      const again = { ...press, action: other.id, input: activity.input };
      return other.run(view, again, deps);
    }
    if (failed.length === 0) throw new Refusal(t`Nothing has failed, so there is nothing to retry.`);
    const outcomes = await retryAll(failed, kindOf, press, view.alert, deps);
    return describeOutcomes(outcomes);
  },
});

/** Removes a failure from the message. Changes made before the failure stay, and can be undone. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'dismiss',
  group: 'triage',
  name: phrase('Dismiss'),
  label: phrase('Dismiss'),
  summary: phrase(
    'Removes a failure from the message. Changes made before the failure stay and can be undone.',
  ),
  order: 21,
  often: true,
  right: 'responder',
  parts: (_, view) => rightsOf(view),
  whenClosed: true,
  permissions: [],
  offered: hasFailed,
  run: async (view, press, { store, show }) => {
    const isMine = ({ dismissed, press: by }: { dismissed?: { at: string } | undefined; press: string }) =>
      dismissed?.at === press.at || by === press.pressId;
    if (!hasFailed(view) && !view.alert.pressesDone.includes(press.pressId) && !view.measures.some(isMine))
      throw new Refusal(t`Nothing has failed, so there is nothing to dismiss.`);
    for (const { id } of failedIn(view))
      await store.measures.update(id, (current) =>
        current && isOpenFailure(current)
          ? {
              measure: {
                ...current,
                ...(isHeld(current)
                  ? { dismissed: { by: press.by, at: press.at } }
                  : { state: 'undone' as const, says: '', press: press.pressId }),
              },
              audit: [
                { ...auditOf(press, view.alert, 'done', current.reason ?? null), object: current.target },
              ],
            }
          : null,
      );
    await store.alerts.update(press.alertId, (alert) =>
      alert?.activity?.failed && !alert.pressesDone.includes(press.pressId)
        ? {
            alert: { ...withPress(alert, press), activity: null },
            audit: [auditOf(press, alert, 'done', alert.activity.text)],
          }
        : null,
    );
    await show(press.alertId);
    return null;
  },
});
