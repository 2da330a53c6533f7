import type { MissingPermissions } from '../../actions/missing-permissions';
import { plainLine } from '../../domain/text/plain-text';
import { translate } from '../../domain/text/translate';
import type { Action } from '../actions';
import { missingText, nothingApplies, permissionsUnknown, responseGroups } from '../all-responses';
import { idsOf, type Json, promptFor, styleOf, text, yesOf } from './card-elements';
import { escapeMarkdown } from './markdown';

/** Mark on what was pressed in *All responses*: its form or confirmation is still to be shown. */
export const fromAll = 'all';

/** *All responses*: every action that applies, in groups, each with what it does. */
export const toAllCard = (
  actions: readonly Action[],
  alertId: string,
  missing: MissingPermissions | null,
): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body:
    actions.length === 0
      ? [text(translate(nothingApplies))]
      : responseGroups(actions)
          .flatMap(({ title, actions: own }) => [
            text(title, { weight: 'Bolder', size: 'Medium', separator: true }),
            ...own.flatMap((action) => [
              ...(action.does ? [text(escapeMarkdown(action.does))] : []),
              ...lacking(action, missing),
              {
                type: 'ActionSet',
                actions: [
                  {
                    type: 'Action.Submit',
                    title: plainLine(action.label, 60),
                    data: { verb: action.id, alertId, ...idsOf(action), from: fromAll },
                    ...styleOf(action),
                  },
                ],
              },
            ]),
          ])
          .concat(missing ? [] : [text(translate(permissionsUnknown), { isSubtle: true })]),
});

function lacking(action: Action, missing: MissingPermissions | null): Json[] {
  const lacks = missingText(action, missing);
  return lacks ? [text(escapeMarkdown(lacks), { color: 'Warning' })] : [];
}

/** Content of a dialog: the fields or confirmation, and the button that runs the action. */
export const toDialogCard = (action: Action, alertId: string, fault?: string): Json => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [
    ...(fault ? [text(escapeMarkdown(fault), { color: 'Attention' })] : []),
    ...promptFor(action, false),
  ],
  actions: [
    {
      type: 'Action.Submit',
      title: plainLine(yesOf(action), 60),
      data: { verb: action.id, alertId },
      ...styleOf(action),
    },
  ],
});
