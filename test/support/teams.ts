import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { excessActions, faultsOfCard, faultsOfInvokeAnswer, maxMessage } from './teams-cards';

// biome-ignore lint/suspicious/noExplicitAny: an Adaptive Card, inspected by tests
type Card = any;

export interface TeamsUser {
  id: string;
  name: string;
  aadObjectId: string;
}

/** Simulates the Teams side of the Bot Framework connector on loopback. */
export async function startTeams() {
  const activities = new Map<
    string,
    {
      conversation: string;
      card: Card;
      text: string;
      updates: number;
      replyTo: string | null;
      at: number;
    }
  >();
  const people = new Map<
    string,
    { id: string; name: string; aadObjectId: string; userPrincipalName?: string }
  >();
  /** What Teams would reject of all that the bot sent. Stopping fails if there is any. */
  const violations: string[] = [];
  let failing: { times: number; status: number } = { times: 0, status: 500 };
  let losing = 0;
  /** The app's access to Microsoft Graph, and the paths that it requested. */
  const graph = { token: 'graph-token', appId: 'bot-app', granted: true, asked: [] as string[] };
  /** Returns messages newest first, in pages of 2 where Teams returns 50. */
  function answerGraph(request: IncomingMessage, send: (status: number, value: unknown) => void): void {
    const url = new URL(request.url ?? '', address);
    graph.asked.push(url.pathname);
    if (request.headers.authorization !== `Bearer ${graph.token}`) return send(401, {});
    if (!graph.granted) return send(403, { error: { code: 'Forbidden' } });
    const path = decodeURIComponent(url.pathname);
    const channel = /^\/v1\.0\/teams\/([^/]+)\/channels\/([^/]+)\/messages(?:\/([^/]+)\/replies)?$/.exec(
      path,
    );
    const chat = /^\/v1\.0\/chats\/([^/]+)\/messages$/.exec(path);
    if ((!channel && !chat) || url.searchParams.get('$top') !== '50') return send(400, {});
    const place = channel
      ? `${channel[2]}${channel[3] ? `;messageid=${channel[3]}` : ''}`
      : (chat?.[1] as string);
    const skip = Number(url.searchParams.get('$skip') ?? 0);
    const all = [...activities].filter(([, { conversation }]) => conversation === place).reverse();
    send(200, {
      value: all.slice(skip, skip + 2).map(([id, { at, card }]) => ({
        id,
        createdDateTime: new Date(at).toISOString(),
        from: { application: { id: graph.appId } },
        attachments: card ? [{ content: JSON.stringify(card) }] : [],
      })),
      ...(all.length > skip + 2
        ? { '@odata.nextLink': `${address}${url.pathname}?$top=50&$skip=${skip + 2}` }
        : {}),
    });
  }
  let address = '';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const send = (status: number, value: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (failing.times > 0) {
        failing.times--;
        return send(failing.status, { error: { code: 'Simulated', message: 'simulated' } });
      }
      if (request.url?.startsWith('/v1.0/')) return answerGraph(request, send);
      const [, asked] = /^\/v3\/conversations\/[^/]+\/members\/([^/?]+)$/.exec(request.url ?? '') ?? [];
      if (asked) {
        const who = decodeURIComponent(asked);
        const found =
          people.get(who) ?? [...people.values()].find((p) => p.id === who || p.aadObjectId === who);
        return found
          ? send(200, found)
          : send(404, { error: { code: 'MemberNotFoundInConversation', message: 'no' } });
      }
      if (request.method === 'POST' && request.url === '/v3/conversations')
        return send(201, { id: `direct-${JSON.parse(body).members[0].id}` });
      const [, conversation = '', id] =
        /^\/v3\/conversations\/([^/]+)\/activities(?:\/([^/?]+))?/.exec(request.url ?? '') ?? [];
      const activity = JSON.parse(body || '{}');
      const card = activity.attachments?.[0]?.content ?? null;
      if (Buffer.byteLength(body) > maxMessage) {
        violations.push(`${Buffer.byteLength(body)} bytes`);
        return send(413, { error: { code: 'MessageSizeTooBig', message: 'too big' } });
      }
      const faults = (activity.attachments ?? []).flatMap(({ content }: Card) => [
        ...faultsOfCard(content),
        ...excessActions(content),
      ]);
      if (faults.length > 0) {
        violations.push(...faults);
        return send(400, { error: { code: 'BadSyntax', message: faults.join('; ') } });
      }
      if (request.method === 'POST') {
        const newId = randomUUID();
        activities.set(newId, {
          conversation: decodeURIComponent(conversation),
          card,
          text: activity.text ?? '',
          updates: 0,
          replyTo: id ?? null,
          at: Date.now(),
        });
        if (losing > 0) {
          losing--;
          return void response.destroy();
        }
        return send(201, { id: newId });
      }
      const known = activities.get(decodeURIComponent(id ?? ''));
      if (request.method !== 'PUT' || !known)
        return send(404, { error: { code: 'ActivityNotFound', message: 'gone' } });
      Object.assign(known, { card, text: activity.text ?? '', updates: known.updates + 1 });
      return send(200, { id });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let serviceUrl = address;
  const base = (
    conversation: string,
    user = { id: 'u1', name: 'Sam Ortiz', aadObjectId: '00000000-0000-4000-8000-00000000005a' },
  ) => ({
    id: randomUUID(),
    timestamp: new Date().toISOString(),
    channelId: 'msteams',
    serviceUrl,
    from: user,
    recipient: { id: 'bot', name: 'Runwatch' },
    conversation: {
      id: conversation,
      conversationType: conversation.startsWith('chat') ? 'groupChat' : 'channel',
      isGroup: true,
    },
    channelData: { team: { id: 'team', aadGroupId: '00000000-0000-4000-8000-0000000000e0' } },
  });
  const send = async (url: string, activity: { type: string; name?: string; [more: string]: unknown }) => {
    const response = await fetch(`${url}/api/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(activity),
    });
    const answered = { status: response.status, body: await response.text() };
    if (activity.type === 'invoke' && answered.status === 200)
      violations.push(...faultsOfInvokeAnswer(activity.name ?? '', answered.body));
    return answered;
  };
  return {
    people,
    address,
    /** Sets the service URL that bots get from now on. */
    setServiceUrl: (url: string) => {
      serviceUrl = url;
    },
    send,
    base,
    direct: () => [...activities.values()].filter((a) => a.card && a.conversation.startsWith('direct-')),
    cards: () =>
      [...activities.values()].filter((a) => a.card?.fallbackText && !a.conversation.startsWith('direct-')),
    threads: () => [...activities.values()].filter((a) => a.card && !a.card.fallbackText),
    /** Everything that was sent, cards and texts. */
    all: () => [...activities.values()],
    texts: () => [...activities.values()].filter((a) => a.text).map((a) => a.text),
    graph,
    activities,
    /** Accepts this many activities without responding. */
    lose: (times: number) => {
      losing = times;
    },
    fail: (times: number, status: number) => {
      failing = { times, status };
    },
    install: (url: string, conversation = 'c-soc') =>
      send(url, { ...base(conversation), type: 'installationUpdate', action: 'add' }),
    say: (url: string, text: string, conversation = 'c-soc') =>
      send(url, { ...base(conversation), type: 'message', text }),
    /** Presses a card's action, using its dialog if there is one, with the dialog's inputs and `changes`. */
    press: async (url: string, card: Card, verb: string, user?: TeamsUser, changes: Card = {}) => {
      const invoke = (name: string, value: unknown) =>
        send(url, { ...base('c-soc', user), type: 'invoke', name, value });
      const has = (wanted: string) => (action: Card) => (action.verb ?? action.data?.verb) === wanted;
      const found = card.actions.find(has(verb));
      const all = card.actions.find(has('all'));
      if (!found && !all) throw new Error(`No verb ${verb}`);
      if (found?.type === 'Action.Execute') {
        const action = { type: found.type, verb, data: found.data };
        return invoke('adaptiveCard/action', { action, trigger: 'manual' });
      }
      let opened = await invoke('task/fetch', { data: { ...(found ?? all).data, type: 'task/fetch' } });
      if (!found) {
        const listed = JSON.parse(opened.body).task.value.card?.content.body ?? [];
        const inside = listed.flatMap(({ actions = [] }: Card) => actions).find(has(verb));
        if (!inside) throw new Error(`No verb ${verb} in All responses`);
        opened = await invoke('task/submit', { data: inside.data });
      }
      const { task } = JSON.parse(opened.body);
      if (task.type === 'message') return opened;
      const dialog = task.value.card.content;
      const inputs = Object.fromEntries(
        dialog.body
          .filter((element: Card) => element.id)
          .map((element: Card) => [element.id, element.value ?? '']),
      );
      return invoke('task/submit', { data: { ...dialog.actions[0].data, ...inputs, ...changes } });
    },
    /** Refreshes a card for a user, as Teams does for the users that its `refresh` names. */
    refreshCard: async (url: string, card: Card, user: TeamsUser): Promise<Card> => {
      const { verb, data } = card.refresh.action;
      const value = { action: { type: 'Action.Execute', verb, data }, trigger: 'automatic' };
      const { body } = await send(url, {
        ...base('c-soc', user),
        type: 'invoke',
        name: 'adaptiveCard/action',
        value,
      });
      return JSON.parse(body).value;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      if (violations.length > 0) throw new Error(`Teams cards: ${[...new Set(violations)].join('; ')}`);
    },
  };
}

export type SimulatedTeams = Awaited<ReturnType<typeof startTeams>>;
