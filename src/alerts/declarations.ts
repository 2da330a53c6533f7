import type { ActionId } from './action-ids';
import { type Alert, summarize } from './alert';
import { accessDeclarations } from './declarations/access';
import type { Declaration } from './declarations/declaration';
import { isolationDeclarations } from './declarations/isolation';
import { machineDeclarations } from './declarations/machine';
import { isDone } from './deed';
import { plainLine } from './plain-text';

export type { Declaration, DeclaredField } from './declarations/declaration';

/** Every response that changes something on Azure. */
export const declarations: readonly Declaration[] = [
  ...isolationDeclarations,
  ...machineDeclarations,
  ...accessDeclarations,
];

export const declarationOf = (action: ActionId): Declaration => {
  const found = declarations.find((declaration) => declaration.action === action);
  if (!found) throw new Error(`${action} is not declared`);
  return found;
};

/** What may be pressed as the alert stands: what is not done, or the undo of what is. */
export const offered = (alert: Alert): Declaration[] =>
  declarations.filter((one) => one.fits(alert) && (one.again || !isDone(alert, one.action)));

const told = (words: Declaration['label'], alert: Alert) =>
  typeof words === 'string' ? words : words(alert);

/** A declaration's words about an alert: the button's, and its dialog's. */
export const wordsOf = ({ label, asks }: Declaration, alert: Alert) => {
  const { target, machines } = summarize(alert);
  const button = told(label, alert);
  const about = machines > 1 ? `${machines} machines` : plainLine(target.name, 60);
  return { button, title: `${button.replace('…', '')}: ${about}`, asks: told(asks, alert) };
};

/** What the audit trail and people call it. */
export const nameOf = ({ label, action }: Declaration): string =>
  typeof label === 'string' ? label.replace('…', '') : action;
