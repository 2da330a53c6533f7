import { rolesText } from '../actions/triage/show-roles';
import { findCaller, principalsWithAccess, rolesOf } from '../azure/access/effective-roles';
import type { Azure } from '../azure/azure';
import { lastDay } from '../domain/exceptions/exception';
import { matchWords } from '../domain/exceptions/match-words';
import { parseScope } from '../domain/resources/parse-scope';
import { plainLine } from '../domain/text/plain-text';
import { dayText, phrase, t, timeText, translate } from '../domain/text/translate';
import type { Store } from '../store/store';

export interface ChatCommandDeps {
  azure: Azure;
  store: Store;
  now: () => number;
}

interface ChatCommand {
  /** What follows the name. */
  input?: string;
  says: string;
  run: (words: string[], deps: ChatCommandDeps) => Promise<string>;
}

const commands = new Map<string, ChatCommand>([
  [
    'roles',
    {
      input: phrase('CALLER [SCOPE]'),
      says: phrase('roles of a caller, given as UPN, object ID, app ID or name'),
      run: (words, deps) => roles(words, deps),
    },
  ],
  [
    'who-can',
    {
      input: phrase('SCOPE'),
      says: phrase('everyone who can run commands in a scope'),
      run: (words, deps) => everyoneWhoCan(words[0] ?? '', deps),
    },
  ],
  ['exceptions', { says: phrase('active exceptions'), run: (_, deps) => exceptions(deps) }],
  [
    'status',
    { says: phrase('recent alerts and the state of each subscription'), run: (_, deps) => status(deps) },
  ],
  ['help', { says: phrase('this list'), run: async () => help() }],
]);

const help = (): string =>
  [
    t`Commands:`,
    ...[...commands].map(
      ([name, { input, says }]) =>
        t`/runwatch ${[name, input && translate(input)].filter(Boolean).join(' ')}: ${translate(says)}`,
    ),
  ].join('\n');

const notAScope = phrase(
  'Enter a scope: a subscription ID, or an ARM ID such as /subscriptions/…/resourceGroups/…',
);

/** Answers /runwatch commands, the same in every chat. An unknown command gets the list of all. */
export async function answerCommand(text: string, deps: ChatCommandDeps): Promise<string> {
  const [verb = '', ...words] = text.trim().split(/\s+/);
  if (verb === '') return help();
  const command = commands.get(verb.toLowerCase());
  if (!command) return t`Unknown command: ${plainLine(verb, 40)}.\n${help()}`;
  try {
    return await command.run(words, deps);
  } catch (error) {
    return t`The command failed: ${plainLine((error as Error).message, 300)}.`;
  }
}

/** The last word is the scope if it looks like one. Without a scope, checks up to 10 polled subscriptions. */
async function roles(words: string[], { azure, store }: ChatCommandDeps): Promise<string> {
  const last = words.at(-1) ?? '';
  const given = words.length > 1 && last.startsWith('/') ? last : '';
  const scope = words.length > 1 ? parseScope(last) : null;
  if (given && !scope) return translate(notAScope);
  const caller = (scope ? words.slice(0, -1) : words).join(' ');
  if (!caller) return t`Enter a caller: /runwatch roles CALLER [SCOPE]`;
  const [principal, ...others] = await findCaller(caller, azure);
  if (!principal) return t`No user or application in the directory matches ${plainLine(caller, 80)}.`;
  if (others.length > 0)
    return t`${others.length + 1} matches. Enter an object ID: ${[principal, ...others].map((p) => `${plainLine(p.name, 60)} ${p.id}`).join(', ')}`;
  const scopes = scope
    ? [scope]
    : (await store.polls.subscriptions()).flatMap(({ id }) => parseScope(id) ?? []).slice(0, 10);
  const answers = await Promise.all(
    scopes.map(async ({ scope, subscriptionId }) =>
      rolesText(principal.name, scope, await rolesOf(principal.id, scope, subscriptionId, azure)),
    ),
  );
  return answers.join('\n');
}

async function everyoneWhoCan(given: string, { azure }: ChatCommandDeps): Promise<string> {
  const parsed = parseScope(given);
  if (!parsed) return translate(notAScope);
  const { scope, subscriptionId } = parsed;
  const able = await principalsWithAccess(
    'Microsoft.Compute/virtualMachines/runCommand/action',
    scope,
    subscriptionId,
    azure,
  );
  const lines = able
    .slice(0, 40)
    .map(
      (a) =>
        t`• ${plainLine(a.name, 80)} (${a.principalType}): ${plainLine(a.role, 60)} at ${plainLine(a.scope, 160)}${a.group ? t` through ${plainLine(a.group, 60)}` : ''}`,
    );
  if (able.length > lines.length) lines.push(t`… and ${able.length - lines.length} more`);
  return [t`${able.length} can run commands at ${plainLine(scope, 160)}:`, ...lines].join('\n');
}

async function exceptions({ store, now }: ChatCommandDeps): Promise<string> {
  const live = (await store.exceptions.list()).filter((exception) => Date.parse(exception.expires) > now());
  if (live.length === 0) return t`There are no active exceptions.`;
  const lines = live
    .slice(0, 40)
    .map(
      (e) =>
        t`• ${e.id}: ${matchWords(e.match)}, ${plainLine(e.reason, 120)}, owner ${plainLine(e.owner, 60)}, until ${dayText(lastDay(e.expires))}`,
    );
  return [t`Active exceptions: ${live.length}`, ...lines].join('\n');
}

async function status({ store, now }: ChatCommandDeps): Promise<string> {
  const subscriptions = await store.polls.subscriptions();
  const since = now() - 86_400_000;
  const alerts = await store.alerts.countSince(since);
  const open = (await store.alerts.openCounts(since)).reduce((sum, { count }) => sum + count, 0);
  const lines = subscriptions
    .slice(0, 40)
    .map(
      (s) =>
        `• ${plainLine(s.name || s.id, 80)}: ${s.error ? plainLine(s.error, 160) : t`last read ${s.lastPollAt ? timeText(s.lastPollAt) : t`never`}`}`,
    );
  return [
    t`${alerts} alerts in the last day, ${open} of them open. ${subscriptions.length} subscriptions:`,
    ...lines,
  ].join('\n');
}
