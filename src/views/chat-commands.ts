import { rolesText } from '../actions/triage/show-roles';
import { findCaller, rolesOf, whoCan } from '../azure/access/effective-roles';
import type { Azure } from '../azure/azure';
import { lastDay } from '../domain/exceptions/exception';
import { matchWords } from '../domain/exceptions/match-words';
import { parseScope } from '../domain/resources/parse-scope';
import { plainLine } from '../domain/text/plain-text';
import type { Store } from '../store/store';

export interface ChatCommandDeps {
  azure: Azure;
  store: Store;
  now: () => number;
}

const help = [
  'Commands:',
  '/runwatch roles CALLER [SCOPE]: the roles of a UPN, object id, app id or name',
  '/runwatch who-can SCOPE: everyone who can run commands there',
  '/runwatch exceptions: the exceptions in force',
  '/runwatch status: how polling and queues go',
].join('\n');

const notAScope = 'Name a scope: a subscription id, or an ARM id such as /subscriptions/…/resourceGroups/…';

/** Answers /runwatch …, the same on every chat; what is asked wrongly is answered with how to ask. */
export async function answerCommand(text: string, deps: ChatCommandDeps): Promise<string> {
  const [verb = '', ...words] = text.trim().split(/\s+/);
  try {
    switch (verb.toLowerCase()) {
      case 'roles':
        return await roles(words, deps);
      case 'who-can':
        return await everyoneWhoCan(words[0] ?? '', deps);
      case 'exceptions':
        return await exceptions(deps);
      case 'status':
        return await status(deps);
      default:
        return help;
    }
  } catch (error) {
    return `That did not work: ${plainLine((error as Error).message, 300)}.`;
  }
}

/** The last word is a scope when it looks like one; without, each polled subscription is asked. */
async function roles(words: string[], { azure, store }: ChatCommandDeps): Promise<string> {
  const last = words.at(-1) ?? '';
  const given = words.length > 1 && last.startsWith('/') ? last : '';
  const scope = words.length > 1 ? parseScope(last) : null;
  if (given && !scope) return notAScope;
  const caller = (scope ? words.slice(0, -1) : words).join(' ');
  if (!caller) return 'Name a caller: /runwatch roles CALLER [SCOPE]';
  const [principal, ...others] = await findCaller(caller, azure);
  if (!principal) return `Nobody in the directory is called ${plainLine(caller, 80)}.`;
  if (others.length > 0)
    return `${others.length + 1} fit; give the object id: ${[principal, ...others].map((p) => `${plainLine(p.name, 60)} ${p.id}`).join(', ')}`;
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
  if (!parsed) return notAScope;
  const { scope, subscriptionId } = parsed;
  const able = await whoCan(
    'Microsoft.Compute/virtualMachines/runCommand/action',
    scope,
    subscriptionId,
    azure,
  );
  const lines = able
    .slice(0, 40)
    .map(
      (a) =>
        `• ${plainLine(a.name, 80)} (${a.principalType}): ${plainLine(a.role, 60)} at ${plainLine(a.scope, 160)}${a.group ? ` through ${plainLine(a.group, 60)}` : ''}`,
    );
  if (able.length > lines.length) lines.push(`… and ${able.length - lines.length} more`);
  return [`${able.length} can run commands at ${plainLine(scope, 160)}:`, ...lines].join('\n');
}

async function exceptions({ store, now }: ChatCommandDeps): Promise<string> {
  const live = (await store.exceptions.list()).filter((exception) => Date.parse(exception.expires) > now());
  if (live.length === 0) return 'No exceptions are in force.';
  const lines = live
    .slice(0, 40)
    .map(
      (e) =>
        `• ${e.id}: ${matchWords(e.match)}, ${plainLine(e.reason, 120)}, owner ${plainLine(e.owner, 60)}, until ${lastDay(e.expires)}`,
    );
  return [`${live.length} exceptions are in force:`, ...lines].join('\n');
}

async function status({ store, now }: ChatCommandDeps): Promise<string> {
  const subscriptions = await store.polls.subscriptions();
  const alerts = await store.alerts.list({ limit: 1000, after: now() - 86_400_000 });
  const open = alerts.filter((alert) => alert.state !== 'closed' && alert.announced).length;
  const lines = subscriptions
    .slice(0, 40)
    .map(
      (s) =>
        `• ${plainLine(s.name || s.id, 80)}: ${s.error ? plainLine(s.error, 160) : `last read ${s.lastPollAt ?? 'never'}`}`,
    );
  return [
    `${alerts.length} alerts in the last day, ${open} of them open. ${subscriptions.length} subscriptions:`,
    ...lines,
  ].join('\n');
}
