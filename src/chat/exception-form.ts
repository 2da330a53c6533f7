import { type Alert, type Presser, summarize } from '../alerts/alert';
import { exceptionSchema } from '../alerts/exceptions-file';
import { plainLine } from '../alerts/plain-text';

/** The exception form, the same on every surface: filled from the alert, so that it may be sent as it is. */
export interface FormField {
  id: 'caller' | 'target' | 'resourceGroup' | 'subscription' | 'reason' | 'owner' | 'expires';
  label: string;
  hint?: string;
  value: string;
  kind: 'text' | 'long' | 'date';
  optional: boolean;
}

const days = 86_400_000;
export const defaultExceptionDays = 30;

export function exceptionForm(alert: Alert, presser: Presser, now: number): FormField[] {
  const { caller, target } = summarize(alert);
  const owner = presser.email ?? presser.name;
  return [
    {
      id: 'caller',
      label: 'Caller',
      hint: 'UPN, object id or app id; * is any run of characters',
      value: plainLine(caller.name, 200),
      kind: 'text',
      optional: true,
    },
    {
      id: 'target',
      label: 'Machine',
      hint: 'Name or full id',
      value: plainLine(target.name, 200),
      kind: 'text',
      optional: true,
    },
    { id: 'resourceGroup', label: 'Resource group', value: '', kind: 'text', optional: true },
    { id: 'subscription', label: 'Subscription id', value: '', kind: 'text', optional: true },
    {
      id: 'reason',
      label: 'Reason',
      value: `Reviewed in ${alert.id}: expected`,
      kind: 'long',
      optional: false,
    },
    {
      id: 'owner',
      label: 'Owner',
      hint: 'Who answers for it',
      value: plainLine(owner, 200),
      kind: 'text',
      optional: false,
    },
    {
      id: 'expires',
      label: 'Expires',
      hint: 'The end of this day, UTC',
      value: new Date(now + defaultExceptionDays * days).toISOString().slice(0, 10),
      kind: 'date',
      optional: false,
    },
  ];
}

export type FormValues = Partial<Record<FormField['id'], string>>;

/** The exception that a filled form means, or what is wrong with which field. */
export function readExceptionForm(
  values: FormValues,
): { input: Record<string, unknown> } | { faults: Partial<Record<FormField['id'], string>> } {
  const given = (id: FormField['id']) => values[id]?.trim() || undefined;
  const match = Object.fromEntries(
    (['caller', 'target', 'resourceGroup', 'subscription'] as const)
      .map((id) => [id, given(id)])
      .filter(([, value]) => value !== undefined),
  );
  const input = { match, reason: given('reason'), owner: given('owner'), expires: given('expires') };
  const parsed = exceptionSchema.safeParse(input);
  if (parsed.success) return { input };
  const faults: Partial<Record<FormField['id'], string>> = {};
  for (const issue of parsed.error.issues) {
    const [first, second] = issue.path.map(String);
    const field = (first === 'match' ? (second ?? 'caller') : first) as FormField['id'];
    faults[field] ??=
      first === 'match' && !second
        ? 'Give at least one of caller, machine, resource group, subscription'
        : `Please give ${field === 'expires' ? 'a day' : `a ${field}`}`;
  }
  return { faults };
}
