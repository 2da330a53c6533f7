import type { ActionId } from '../action-ids';
import { type Alert, summarize } from '../alert';
import { isDone } from '../deed';
import { is } from '../resource-id';

/**
 * What a response is called, does, does not stop and needs. Dialogs, `manifest azure-role` and `doctor` are computed from
 * these; the responses read them too, so nothing is written twice.
 */
export interface Declaration {
  action: ActionId;
  /** A dialog follows when it ends with an ellipsis. */
  label: string | ((alert: Alert) => string);
  /** What it does and what it does not stop, asked before it is done. */
  asks: string | ((alert: Alert) => string);
  /** The word on the dialog's button. */
  yes: string;
  danger?: true;
  /** Pressed often: a button of its own, never folded away. */
  often?: true;
  /** May be done again after it was done. */
  again?: true;
  /** A second, different responder must press it too, unless RUNWATCH_CONFIG's `fourEyes` says otherwise. */
  fourEyes?: true;
  /** The action whose doing it takes back. */
  undoes?: ActionId;
  /** What may be filled in before it is done. */
  fields?: readonly DeclaredField[];
  /** Azure permissions, as ARM names them. */
  permissions: readonly string[];
  /** Microsoft Graph application permissions. */
  graph?: readonly string[];
  /** May it be pressed as the alert stands? */
  fits: (alert: Alert) => boolean;
}

/** A text, or with `choices` one of them, or with `many` any of them. */
export interface DeclaredField {
  id: string;
  label: string;
  hint?: string;
  choices?: readonly { value: string; label: string }[];
  many?: true;
}

export const oneMachine = (alert: Alert): boolean => summarize(alert).machines === 1;

export const isMachine = (alert: Alert): boolean =>
  oneMachine(alert) && is(summarize(alert).target.type, 'Microsoft.Compute/virtualMachines');

export const isInstance = (alert: Alert): boolean =>
  oneMachine(alert) && /virtualMachineScaleSets\/virtualMachines$/i.test(summarize(alert).target.type);

/** An undo is offered while what it undoes is done. */
export const whileDone = (action: ActionId) => (alert: Alert) => isDone(alert, action);
