import type { KnownBlock, ModalView } from '@slack/types';
import type { MissingPermissions } from '../../actions/missing-permissions';
import { t, translate } from '../../domain/text/translate';
import type { Action } from '../actions';
import { missingText, nothingApplies, permissionsUnknown, responseGroups } from '../all-responses';
import { approvalBlock, button, context, decisionsOf, menu, section } from './blocks';
import type { ModalContext } from './form-modal';
import { escapeMrkdwn } from './mrkdwn';
import { plain } from './plain-object';

export const allCallback = 'runwatch_all';
const maxBlocks = 100;

/**
 * Every action that applies to an alert, in groups, each with what it does.
 * @param pressed the action whose button in this modal was pressed last
 */
export function allModal(
  modalContext: ModalContext,
  actions: readonly Action[],
  missing: MissingPermissions | null,
  pressed: Action | null = null,
): ModalView {
  const { alertId } = modalContext;
  const requested = pressed
    ? [
        section(
          t`Requested: ${escapeMrkdwn(pressed.label.replace('…', ''))}. The alert’s message shows the result.`,
        ),
      ]
    : [];
  const blocks = [
    ...requested,
    ...responseGroups(actions).flatMap(({ title, actions: own }): KnownBlock[] => [
      { type: 'header', text: plain(title) },
      ...decisionsOf(own).flatMap(([approvalId, decisions]): KnownBlock[] => [
        section(escapeMrkdwn(decisions[0]?.does ?? '')),
        {
          type: 'actions',
          block_id: `${approvalBlock}${approvalId}`,
          elements: decisions.map((action) => button(action, alertId)),
        },
      ]),
      ...own
        .filter(({ approvalId }) => !approvalId)
        .map((action) => ({
          ...section(
            escapeMrkdwn([action.does || action.label, missingText(action, missing)].join('\n').trim()),
          ),
          accessory: action.choices ? menu(action, alertId) : button(action, alertId),
        })),
    ]),
    ...(missing ? [] : [context([translate(permissionsUnknown)])]),
  ];
  return {
    type: 'modal',
    callback_id: allCallback,
    private_metadata: JSON.stringify(modalContext),
    title: plain(t`All responses`),
    close: plain(t`Close`),
    blocks: (actions.length > 0 ? blocks : [section(translate(nothingApplies))]).slice(0, maxBlocks),
  };
}
