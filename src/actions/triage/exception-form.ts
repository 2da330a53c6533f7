import { identifierOf } from '../../domain/activity/activity-event';
import { type Alert, summarize } from '../../domain/alerts/alert';
import { firstMachine, leadScript } from '../../domain/alerts/join-facts';
import { type Likeness, likeClosedOf, likeClosedReason, likenessOf } from '../../domain/alerts/similar';
import { originOf, originText } from '../../domain/exceptions/exception-origin';
import { exceptionSchema } from '../../domain/exceptions/exceptions-file';
import type { Presser } from '../../domain/people/person';
import { allTechniques } from '../../domain/techniques/catalogue';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t, translate } from '../../domain/text/translate';
import type { Field, FormResult, FormValues } from '../form';

const days = 86_400_000;
export const defaultExceptionDays = 30;
/** Longest initial value, characters. */
const maxValue = 200;

/** Of an action run command, whose script is only on the machine. */
const cannotMatch = phrase(
  "Azure doesn't log this script, so this can't match. Use the caller, machine, hours or tags instead",
);

/** What a form begins with, by field. */
interface Prefill {
  values: Readonly<Record<string, string>>;
  hints: Readonly<Record<string, string>>;
}

/**
 * The exception form for every surface: prefilled from the alert, with other possible conditions as hints.
 */
export function exceptionForm(alert: Alert, presser: Presser, now: number): Field[] {
  const { caller, target, technique } = summarize(alert);
  const script = leadScript(alert);
  const machine = firstMachine(alert);
  const notLogged = (!script || script.fetched !== undefined) && technique.script.where === 'machine';
  const like = likeClosedOf(alert) && likenessOf(alert);
  const tags = Object.entries(machine?.tags ?? {});
  return fieldsOf(
    {
      values: {
        caller: identifierOf(caller),
        target: like ? machinesOf(alert, like) : target.name,
        technique: like?.techniques.length === 1 ? technique.id : 'any',
        script: like?.sha256 ?? '',
        reason: reasonFor(alert),
      },
      hints: {
        resourceGroup: t`Here: ${target.resourceGroup}`,
        subscription: t`Here: ${target.subscriptionId}`,
        tag: t`env=dev,test; team=web. Here: ${tags.map(([name, value]) => `${name}=${value}`).join('; ') || t`none known`}`,
        technique: t`Here: ${technique.title}`,
        script: script?.sha256
          ? t`Here: ${script.sha256}`
          : notLogged
            ? translate(cannotMatch)
            : t`Unavailable`,
        ...(notLogged ? { pattern: translate(cannotMatch) } : {}),
        ip: t`Here: ${caller.ip ?? t`unavailable`}`,
      },
    },
    presser,
    now,
  );
}

/** The exception form without an alert. */
export const newExceptionForm = (presser: Presser, now: number): Field[] =>
  fieldsOf({ values: {}, hints: {} }, presser, now);

function fieldsOf({ values, hints }: Prefill, presser: Presser, now: number): Field[] {
  const text = (id: string, label: string, usual: string, optional = true): Field => {
    const hint = hints[id] ?? usual;
    return {
      id,
      label,
      ...(hint ? { hint: plainLine(hint, 140) } : {}),
      value: plainLine(values[id] ?? '', maxValue),
      kind: 'text',
      optional,
    };
  };
  const date = (id: string, label: string, hint: string, value: string, optional: boolean): Field => ({
    ...text(id, label, hint, optional),
    value,
    kind: 'date',
  });
  return [
    text('caller', t`Caller`, t`UPN, object ID or app ID; * matches any text`),
    text('target', t`Machine`, t`Name or full id`),
    text('resourceGroup', t`Resource group`, ''),
    text('subscription', t`Subscription ID`, ''),
    text('tag', t`Tags`, t`env=dev,test; team=web`),
    {
      ...text('technique', t`Technique`, ''),
      value: values.technique ?? 'any',
      kind: 'choice',
      choices: [
        { value: 'any', label: t`Any` },
        ...allTechniques().map(({ id, title }) => ({ value: id, label: translate(title) })),
      ],
    },
    text('script', t`The script's SHA-256`, ''),
    text('pattern', t`Script matches`, t`A pattern in RE2 syntax, e.g. ^apt-get (update|upgrade)`),
    text('ip', t`Address or range`, t`203.0.113.7 or 203.0.113.0/24`),
    text('hours', t`Days and hours`, t`mon-fri 01:00-03:00 Europe/Berlin`),
    { ...text('reason', t`Reason`, '', false), kind: 'long' },
    {
      ...text('owner', t`Owner`, t`Responsible for this exception`, false),
      value: plainLine(presser.email ?? presser.name, maxValue),
    },
    date(
      'expires',
      t`Expires`,
      t`The end of this day, UTC`,
      new Date(now + defaultExceptionDays * days).toISOString().slice(0, 10),
      false,
    ),
    date('review', t`Review on`, t`The owner is asked on this day and a week before it expires`, '', true),
    text('ticket', t`Ticket`, t`A link, https://…`),
    {
      id: 'silenceCritical',
      label: t`Also suppress critical alerts`,
      value: '',
      kind: 'checks',
      choices: [{ value: 'yes', label: t`Yes` }],
      optional: true,
    },
  ];
}

function reasonFor(alert: Alert): string {
  const origin = originOf(alert);
  if (origin) return originText(origin);
  return likeClosedReason(alert) ?? t`Reviewed in ${alert.id}: expected`;
}

/** The machines that alerts like this one share, none if the script does; the first if they are too many. */
function machinesOf({ executions }: Alert, { sha256 }: Likeness): string {
  if (sha256) return '';
  const names = [...new Set(executions.map(({ target }) => target.name))].join(', ');
  return names.length <= maxValue ? names : (executions[0]?.target.name ?? '');
}

/** Parses a submitted form into an exception, or reports each field's fault. */
export function readExceptionForm(values: FormValues): FormResult {
  const given = (id: string) => values[id]?.trim() || undefined;
  const listOf = (id: string) => {
    const items = given(id)
      ?.split(',')
      .map((item) => item.trim())
      .filter(Boolean);
    return items?.length === 1 ? items[0] : items;
  };
  const sha256 = listOf('script');
  const pattern = given('pattern');
  const match = defined({
    caller: listOf('caller'),
    target: listOf('target'),
    resourceGroup: listOf('resourceGroup'),
    subscription: listOf('subscription'),
    tag: readTags(given('tag')),
    technique: given('technique') === 'any' ? undefined : given('technique'),
    script: sha256 || pattern ? defined({ sha256, pattern }) : undefined,
    ip: listOf('ip'),
    hours: readHours(given('hours')),
  });
  const input = defined({
    match,
    reason: given('reason'),
    owner: given('owner'),
    expires: given('expires'),
    review: given('review'),
    ticket: given('ticket'),
    silenceCritical: given('silenceCritical') ? true : undefined,
  });
  const parsed = exceptionSchema.safeParse(input);
  if (parsed.success) return { input };
  const faults: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    const [first, second, third] = issue.path.map(String);
    if (first === 'match' && !second) {
      faults.caller ??= t`Enter at least one condition, such as a caller or a machine`;
      continue;
    }
    const field = first === 'match' ? (third === 'pattern' ? 'pattern' : (second as string)) : String(first);
    faults[field] ??= given(field)
      ? t`Invalid value: ${plainLine(issue.message, 120)}`
      : t`Enter ${field === 'expires' ? t`a date` : /^[aeiou]/.test(field) ? t`an ${field}` : t`a ${field}`}`;
  }
  return { faults };
}

const defined = (from: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined));

/**
 * "env=dev,test; team=web" → {env: [dev, test], team: [web]}. A name without a value becomes an empty list,
 * which is a fault.
 */
function readTags(text: string | undefined): Record<string, string[]> | undefined {
  if (!text) return undefined;
  return Object.fromEntries(
    text
      .split(';')
      .filter((part) => part.trim())
      .map((part) => {
        const [name = '', values = ''] = part.split('=');
        return [
          name.trim(),
          values
            .split(',')
            .map((value) => value.trim())
            .filter(Boolean),
        ];
      }),
  );
}

/**
 * "mon-fri 01:00-03:00 Europe/Berlin", each part optional. An unrecognized part is reported as a bad time
 * zone.
 */
function readHours(text: string | undefined): Record<string, string> | undefined {
  if (!text) return undefined;
  const hours: Record<string, string> = {};
  for (const word of text.split(/\s+/)) {
    const clock = /^(\d{1,2}:\d\d)[-–](\d{1,2}:\d\d)$/.exec(word);
    if (clock?.[1] && clock[2]) Object.assign(hours, { from: clock[1], to: clock[2] });
    else if (/^[a-z]{3,}([-,][a-z]{3,})*$/i.test(word) && !/^utc$/i.test(word)) hours.days = word;
    else hours.zone = word;
  }
  return hours;
}
