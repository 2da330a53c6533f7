import type { Suggestion, SuggestionKind, Suggestions } from '../chat/suggestions';
import { type Alert, summarize } from '../domain/alerts/alert';
import { plainLine } from '../domain/text/plain-text';
import { shortDigest } from '../domain/text/short-digest';
import { counted, t, translate } from '../domain/text/translate';
import { memoize } from '../runtime/memoize';
import type { Store } from '../store/store';

interface Entry extends Suggestion {
  /** Matched against what was typed, in lower case. */
  words: string;
  scope?: string;
}

/** A person types several letters a second, and each asks again, ms. */
const cacheMs = 10_000;
const historyMs = 90 * 86_400_000;
const maxCallers = 5000;
/** Newest alerts whose machines are suggested. */
const maxRecent = 300;
const maxOpen = 2000;
/** Slack's limits. @see https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const limits = { options: 100, text: 75, value: 150 } as const;

export function createSuggestions({ store, now }: { store: Store; now: () => number }): Suggestions {
  const read: Record<SuggestionKind, () => Promise<Entry[]>> = {
    caller: async () =>
      (await store.history.callers(now() - historyMs, maxCallers)).map(({ key, name }) =>
        entry(key, name.toLowerCase() === key ? name : `${name} · ${key}`, `${name} ${key}`),
      ),
    scope: async () => [
      ...machinesOf(await store.alerts.list({ limit: maxRecent })),
      ...(await store.polls.subscriptions()).map(({ id, name }) =>
        scopeEntry(`/subscriptions/${id}`, t`Subscription ${name || id}`),
      ),
    ],
    alert: async () => (await store.alerts.listOpen({ limit: maxOpen })).map(alertEntry),
  };
  const entries = memoize<Entry[]>(cacheMs, 3, (kind) => read[kind as SuggestionKind](), now);

  /** An open alert whose id was typed, however many newer ones there are. */
  async function byId(typed: string): Promise<Entry[]> {
    if (!/^RW-[0-9A-Z]{1,40}$/i.test(typed)) return [];
    const alert = await store.alerts.get(typed.toUpperCase());
    return alert?.announced && alert.state !== 'closed' ? [alertEntry(alert)] : [];
  }

  return {
    suggest: async (kind, typed) => {
      const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
      const found = (await entries(kind)).filter((one) => words.every((word) => one.words.includes(word)));
      const named = kind === 'alert' ? await byId(typed.trim()) : [];
      const unique = new Map([...named, ...found].map((one) => [one.value, one]));
      return [...unique.values()]
        .filter(({ value }) => value.length > 0 && value.length <= limits.value)
        .slice(0, limits.options)
        .map(({ value, text }) => ({ value, text }));
    },
    scopeOf: async (value) => (await entries('scope')).find((one) => one.value === value)?.scope ?? null,
  };
}

const entry = (value: string, text: string, words: string): Entry => ({
  value,
  text: plainLine(text, limits.text) || value.slice(0, limits.text),
  words: words.toLowerCase(),
});

/** An ARM id may be longer than an option's value. "subscription" is typed to find subscriptions only. */
const scopeEntry = (scope: string, text: string): Entry => ({
  ...entry(shortDigest(scope.toLowerCase()), text, `${text} ${scope.replace('/subscriptions/', '/')}`),
  scope,
});

/** Each machine once, those of the newest alerts first. */
function machinesOf(alerts: readonly Alert[]): Entry[] {
  const machines = new Map(
    alerts.flatMap((alert) =>
      summarize(alert).executions.map(({ target }) => [target.id.toLowerCase(), target] as const),
    ),
  );
  return [...machines.values()].map(({ id, name, resourceGroup }) =>
    scopeEntry(id, `${name} · ${resourceGroup}`),
  );
}

function alertEntry(alert: Alert): Entry {
  const { target, machines, caller, technique } = summarize(alert);
  const where = machines > 1 ? counted(machines, '# machine', '# machines') : target.name;
  const text = `${alert.id} · ${where} · ${caller.name}`;
  return entry(alert.id, text, `${text} ${target.name} ${technique.title} ${translate(alert.severity)}`);
}
