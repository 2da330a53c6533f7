import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { faultsOfAnswer, faultsOfMessage, faultsOfView } from './slack-blocks';

export interface PostedMessage {
  ts: string;
  channel: string;
  /** The workspace whose token posted it. */
  team: string;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: Slack's blocks, inspected by tests
  blocks: any[];
  metadata: { event_type: string; event_payload: Record<string, string> } | null;
  updates: number;
  threadTs: string | null;
  /** The messages in its thread. */
  replies: PostedMessage[];
}

export interface SlackFault {
  method: string;
  times: number;
  status?: number;
  retryAfter?: number;
  error?: string;
  /** Accepts the message, then cuts the connection, so the caller can't know the outcome. */
  after?: boolean;
  cut?: boolean;
}

/** By default a full member of the workspace. */
export interface SimulatedUser {
  name: string;
  email?: string;
  /** Whether Slack reports the email as confirmed. */
  confirmed?: boolean;
  guest?: boolean;
  bot?: boolean;
  deleted?: boolean;
  team?: string;
}

type Args = Record<string, unknown>;

/** Simulates Slack's Web API, Socket Mode and signed interactions on loopback, with Slack's validation. */
export async function startSlack({ rate = Number.POSITIVE_INFINITY } = {}) {
  const botToken = 'xoxb-simulated';
  const appToken = 'xapp-simulated';
  /** Another workspace's bot token. */
  const secondToken = 'xoxb-second';
  let team = 'T1';
  const signingSecret = 'simulated-signing-secret';
  const channels = new Set(['C0SOC0000', 'C0OTHER00']);
  const messages: PostedMessage[] = [];
  const whispers: { channel: string; user: string; text: string }[] = [];
  const views: OpenedView[] = [];
  /** The opened *All responses* modals. */
  const overviews: OpenedView[] = [];
  /** What Slack would reject of all that the bot sent. Stopping fails if there is any. */
  const violations: string[] = [];
  const rooms = new Map<string, { id: string; name: string; topic: string; members: string[] }>();
  const homes = new Map<string, Record<string, unknown>>();
  const calls: { method: string; args: Args }[] = [];
  const users = new Map<string, SimulatedUser>();
  /** Users who are not in the channels; everyone else is. */
  const outsiders = new Set<string>();
  const pressers = new Set<string>();
  const groups = new Map<string, string[]>();
  const lastPost = new Map<string, number>();
  let faults: SlackFault[] = [];
  let counter = 0;
  let socket: WebSocket | null = null;
  const acknowledged = new Map<string, (payload: unknown) => void>();

  const newTs = () => `${Math.floor(Date.now() / 1000)}.${String(++counter).padStart(6, '0')}`;
  const fail = (error: string, messages: string[] = []) => ({
    ok: false,
    error,
    ...(messages.length ? { response_metadata: { messages } } : {}),
  });
  const parsed = (value: unknown) =>
    typeof value === 'string' && /^[[{]/.test(value) ? JSON.parse(value) : value;

  const methods: Record<string, (args: Args) => Record<string, unknown>> = {
    'auth.test': () => ({
      ok: true,
      user_id: 'UBOT',
      bot_id: 'BBOT',
      team_id: team,
      team: 'Contoso',
      url: 'https://contoso.slack.example/',
    }),
    'chat.postMessage': (args) => {
      const problem = check(args);
      if (problem) return problem;
      const message: PostedMessage = {
        ts: newTs(),
        channel: String(args.channel),
        team,
        text: String(args.text ?? ''),
        blocks: (parsed(args.blocks) as unknown[]) ?? [],
        metadata: (parsed(args.metadata) as PostedMessage['metadata']) ?? null,
        updates: 0,
        threadTs: args.thread_ts ? String(args.thread_ts) : null,
        replies: [],
      };
      messages.push(message);
      if (message.threadTs)
        messages
          .find((m) => m.ts === message.threadTs && m.channel === message.channel)
          ?.replies.push(message);
      return { ok: true, channel: message.channel, ts: message.ts, message: { text: message.text } };
    },
    'chat.update': (args) => {
      const message = messages.find((m) => m.ts === args.ts && m.channel === args.channel);
      if (!message) return fail('message_not_found');
      const problem = check(args);
      if (problem) return problem;
      message.text = String(args.text ?? message.text);
      message.blocks = (parsed(args.blocks) as unknown[]) ?? message.blocks;
      message.metadata = (parsed(args.metadata) as PostedMessage['metadata']) ?? message.metadata;
      message.updates++;
      return { ok: true, channel: message.channel, ts: message.ts, text: message.text };
    },
    'chat.postEphemeral': (args) => {
      if (!channels.has(String(args.channel)) && !users.has(String(args.channel)))
        return fail('channel_not_found');
      whispers.push({ channel: String(args.channel), user: String(args.user), text: String(args.text) });
      return { ok: true, message_ts: newTs() };
    },
    'conversations.history': (args) => {
      if (!channels.has(String(args.channel))) return fail('channel_not_found');
      const oldest = Number(args.oldest ?? 0);
      const found = messages
        .filter((m) => m.channel === args.channel && !m.threadTs && Number(m.ts) >= oldest)
        .reverse();
      const withMetadata = String(args.include_all_metadata) === 'true';
      return {
        ok: true,
        has_more: false,
        messages: found.map((m) => ({
          type: 'message',
          ts: m.ts,
          text: m.text,
          ...(withMetadata && m.metadata ? { metadata: m.metadata } : {}),
        })),
      };
    },
    'conversations.replies': (args) => {
      const found = messages.filter((m) => m.channel === args.channel && m.threadTs === args.ts);
      return {
        ok: true,
        has_more: false,
        messages: found.map((m) => ({ type: 'message', ts: m.ts, text: m.text, metadata: m.metadata })),
      };
    },
    'views.open': openView,
    'views.push': openView,
    'conversations.create': (args) => {
      if (!/^[a-z0-9_-]{1,80}$/.test(String(args.name))) return fail('invalid_name_specials');
      if ([...rooms.values()].some((room) => room.name === args.name)) return fail('name_taken');
      const id = `C${String(rooms.size + 1).padStart(8, '0')}`;
      rooms.set(id, { id, name: String(args.name), topic: '', members: [] });
      channels.add(id);
      return { ok: true, channel: { id, name: args.name } };
    },
    'conversations.list': () => ({
      ok: true,
      channels: [...rooms.values()].map(({ id, name }) => ({ id, name })),
    }),
    'conversations.setTopic': (args) => {
      const room = rooms.get(String(args.channel));
      if (!room) return fail('channel_not_found');
      room.topic = String(args.topic);
      return { ok: true };
    },
    'conversations.invite': (args) => {
      const room = rooms.get(String(args.channel));
      if (!room) return fail('channel_not_found');
      if (room.members.includes(String(args.users))) return fail('already_in_channel');
      room.members.push(String(args.users));
      return { ok: true };
    },
    'views.update': (args) => {
      const known = [...views, ...overviews].find((opened) => opened.id === args.view_id);
      if (!known) return fail('not_found');
      known.view = parsed(args.view) as Record<string, unknown>;
      return { ok: true, view: { ...known.view, id: known.id } };
    },
    'chat.getPermalink': (args) => ({
      ok: true,
      channel: args.channel,
      permalink: `https://contoso.slack.example/archives/${args.channel}/p${String(args.message_ts).replace('.', '')}`,
    }),
    'views.publish': (args) => {
      homes.set(String(args.user_id), parsed(args.view) as Record<string, unknown>);
      return { ok: true };
    },
    'users.info': (args) => {
      const id = String(args.user);
      const user: SimulatedUser = users.get(id) ?? { name: id.toLowerCase() };
      return {
        ok: true,
        user: {
          id,
          name: user.name,
          real_name: user.name,
          team_id: user.team ?? team,
          deleted: user.deleted ?? false,
          is_bot: user.bot ?? false,
          is_restricted: user.guest ?? false,
          is_ultra_restricted: false,
          is_email_confirmed: user.confirmed ?? true,
          ...(user.team && user.team !== team ? { is_stranger: true } : {}),
          profile: { email: user.email, real_name: user.name },
        },
      };
    },
    'conversations.members': (args) => {
      if (!channels.has(String(args.channel))) return fail('channel_not_found');
      return {
        ok: true,
        members: [...pressers].filter((id) => !outsiders.has(id)),
        response_metadata: { next_cursor: '' },
      };
    },
    'users.lookupByEmail': (args) => {
      const [id, user] = [...users].find(([, known]) => known.email === args.email) ?? [];
      if (!id) return fail('users_not_found');
      return { ok: true, user: { id, name: user?.name, real_name: user?.name } };
    },
    'usergroups.users.list': (args) => ({ ok: true, users: groups.get(String(args.usergroup)) ?? [] }),
  };

  function openView(args: Args): Record<string, unknown> {
    if (!args.trigger_id) return fail('invalid_arguments');
    const view = parsed(args.view) as Record<string, unknown>;
    const id = `V${randomUUID().slice(0, 8)}`;
    (view.callback_id === 'runwatch_all' ? overviews : views).push({ id, view });
    return { ok: true, view: { ...view, id } };
  }

  function check(args: Args): Record<string, unknown> | null {
    if (!channels.has(String(args.channel)) && !users.has(String(args.channel)))
      return fail('channel_not_found');
    return null;
  }

  /** Checks everything that the bot sends for people to see, whatever the method. */
  function refuse(method: string, args: Args): Record<string, unknown> | null {
    const faults = /^chat\.(postMessage|update|postEphemeral)$/.test(method)
      ? faultsOfMessage({ ...args, blocks: parsed(args.blocks), metadata: parsed(args.metadata) })
      : /^views\./.test(method)
        ? faultsOfView(parsed(args.view))
        : [];
    if (faults.length === 0) return null;
    violations.push(...faults.map((fault) => `${method}: ${fault}`));
    const [first = ''] = faults;
    const named = /^(no_text|msg_too_long|invalid_metadata_format)$/.test(first);
    const error = named ? first : method.startsWith('views.') ? 'invalid_arguments' : 'invalid_blocks';
    return fail(
      error,
      faults.map((text) => `[ERROR] ${text}`),
    );
  }

  function handle(request: IncomingMessage, response: ServerResponse, body: string): void {
    const method = (request.url ?? '').replace(/^\/api\//, '').replace(/\?.*$/, '');
    const json = request.headers['content-type']?.includes('json');
    const args: Args = json ? JSON.parse(body || '{}') : Object.fromEntries(new URLSearchParams(body));
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? args.token;
    calls.push({ method, args });
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    const fault = faults.find((f) => f.method === method && f.times > 0);
    if (fault) {
      fault.times--;
      if (fault.after) methods[method]?.(args);
      if (fault.after || fault.cut) return void request.socket.destroy();
      if (fault.error) return answer(200, fail(fault.error));
      return answer(
        fault.status ?? 500,
        { ok: false, error: 'simulated' },
        fault.retryAfter ? { 'retry-after': String(fault.retryAfter) } : {},
      );
    }
    if (method === 'apps.connections.open') {
      if (token !== appToken) return answer(200, fail('invalid_auth'));
      return answer(200, {
        ok: true,
        url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`,
      });
    }
    if (token !== botToken && token !== secondToken) return answer(200, fail('invalid_auth'));
    team = token === secondToken ? 'T2' : 'T1';
    if (method === 'chat.postMessage' && Number.isFinite(rate)) {
      const last = lastPost.get(String(args.channel)) ?? 0;
      if (Date.now() - last < 1000 / rate - 20)
        return answer(429, fail('ratelimited'), { 'retry-after': '1' });
      lastPost.set(String(args.channel), Date.now());
    }
    const run = methods[method];
    answer(200, refuse(method, args) ?? (run ? run(args) : fail('unknown_method')));
  }

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => handle(request, response, body));
  });
  const sockets = new WebSocketServer({ server, path: '/socket' });
  sockets.on('connection', (connection) => {
    socket = connection;
    connection.send(
      JSON.stringify({
        type: 'hello',
        num_connections: 1,
        debug_info: { host: 'simulated', approximate_connection_time: 3600 },
        connection_info: { app_id: 'A1' },
      }),
    );
    connection.on('message', (data) => {
      const { envelope_id, payload } = JSON.parse(String(data));
      acknowledged.get(envelope_id)?.(payload);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  const signed = (body: string, at = Math.floor(Date.now() / 1000), secret = signingSecret) => ({
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': String(at),
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`,
  });

  /** Delivers an interaction as Slack does, and returns the response if it arrives within 3 seconds. */
  async function interact(
    payload: Record<string, unknown>,
    to: { url: string } | 'socket',
    options: { at?: number; secret?: string } = {},
  ) {
    const answer = await deliver(payload, to, options);
    const faults = answer.status === 200 ? faultsOfAnswer(answer.body, payload.view) : [];
    violations.push(...faults.map((fault) => `${payload.type}: ${fault}`));
    return answer;
  }

  async function deliver(
    payload: Record<string, unknown>,
    to: { url: string } | 'socket',
    options: { at?: number; secret?: string },
  ) {
    if (to === 'socket') {
      const id = randomUUID();
      const answer = new Promise<unknown>((done) => acknowledged.set(id, done));
      socket?.send(
        JSON.stringify({ type: 'interactive', envelope_id: id, payload, accepts_response_payload: true }),
      );
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('no acknowledgement within 3 seconds')), 3000);
      });
      const body = await Promise.race([answer, late]).finally(() => clearTimeout(timer));
      return { status: 200, body: body ? JSON.stringify(body) : '' };
    }
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const response = await fetch(`${to.url}/slack/events`, {
      method: 'POST',
      headers: signed(body, options.at, options.secret),
      body,
      signal: AbortSignal.timeout(3000),
    });
    return { status: response.status, body: await response.text() };
  }

  const base = (user: string, team = 'T1') => {
    pressers.add(user);
    return baseOf(user, team);
  };
  const baseOf = (user: string, team: string) => ({
    team: { id: team, domain: 'contoso' },
    user: { id: user, name: user.toLowerCase(), team_id: team },
    api_app_id: 'A1',
    token: 'x',
  });

  const onMessage = (message: PostedMessage, user: string, action: Loose) => ({
    ...base(user, message.team),
    type: 'block_actions',
    trigger_id: `${Date.now()}.1.x`,
    response_url: '',
    channel: { id: message.channel, name: 'soc' },
    container: { type: 'message', message_ts: message.ts, channel_id: message.channel },
    message: { ts: message.ts, text: message.text },
    actions: [action],
  });
  const chosen = (type: string, actionId: string, option: Loose) => ({
    type,
    action_id: actionId,
    block_id: 'x',
    action_ts: newTs(),
    selected_option: option,
  });
  const clicked = ({ action_id, value, text, block_id }: Loose) => ({
    type: 'button',
    action_id,
    block_id: block_id ?? 'x',
    value,
    action_ts: newTs(),
    text,
  });

  /** Submits a modal with its current values, after changing some fields. */
  const submit = (
    opened: OpenedView,
    user: string,
    to: { url: string } | 'socket',
    changes: Record<string, string> = {},
  ) => interact({ ...base(user), type: 'view_submission', view: filled(opened, changes) }, to);

  /** Uses a button, else an option of the overflow menu, else a button or option of All responses. */
  async function act(
    message: PostedMessage,
    isButton: (element: Loose) => boolean,
    isOption: (value: string, label: string) => boolean,
    what: string,
    user: string,
    to: { url: string } | 'socket',
    options: { at?: number; secret?: string } = {},
  ) {
    const elements = elementsOf(message.blocks);
    const button = elements.find(isButton);
    if (button) return interact(onMessage(message, user, clicked(button)), to, options);
    const menu = elements.find((element) => element.action_id === 'more');
    const found = menu?.options.find(({ value, text }: Loose) => isOption(value, text.text));
    if (found) return interact(onMessage(message, user, chosen(menu.type, 'more', found)), to, options);
    const all = menu?.options.find(({ value }: Loose) => value.endsWith(' all'));
    const missing = (known: Loose[]) =>
      new Error(`No ${what} among ${JSON.stringify(known.map((e) => e.options ?? e.action_id))}`);
    if (!all) throw missing(elements);
    const before = overviews.length;
    const answer = await interact(onMessage(message, user, chosen('overflow', 'more', all)), to, options);
    const opened = overviews[before];
    // Who may not read gets no modal.
    if (!opened) return answer;
    const inside = elementsOf(opened.view.blocks as Loose[]);
    const wanted = inside.find(isButton);
    const select = inside.find((e) => e.options?.some(({ text }: Loose) => isOption('', text.text)));
    const option = select?.options.find(({ text }: Loose) => isOption('', text.text));
    if (!wanted && !option) throw missing(inside);
    return interact(
      {
        ...base(user, message.team),
        type: 'block_actions',
        trigger_id: `${Date.now()}.1.x`,
        container: { type: 'view', view_id: opened.id },
        view: { ...opened.view, id: opened.id, hash: 'h', state: { values: {} } },
        actions: [wanted ? clicked(wanted) : chosen('static_select', select.action_id, option)],
      },
      to,
      options,
    );
  }

  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
    botToken,
    secondToken,
    appToken,
    signingSecret,
    channels,
    messages,
    whispers,
    views,
    overviews,
    homes,
    rooms,
    calls,
    users,
    outsiders,
    groups,
    signed,
    interact,
    connected: () => socket?.readyState === 1,
    /** Asks the client to reconnect, as Slack does every few hours; the old connection closes soon after. */
    refreshSocket: () => {
      const old = socket;
      old?.send(
        JSON.stringify({
          type: 'disconnect',
          reason: 'refresh_requested',
          debug_info: { host: 'simulated' },
        }),
      );
      setTimeout(() => old?.close(), 200);
    },
    cutSocket: () => socket?.terminate(),
    alerts: () => messages.filter((m) => m.metadata?.event_type === 'runwatch_alert'),
    messageOf: (alertId: string) => messages.find((m) => m.metadata?.event_payload.alert_id === alertId),
    add: (fault: SlackFault) => faults.push(fault),
    clear: () => {
      faults = [];
    },
    /**
     * Presses an action of the message: its button, else its option in the menu, else in All responses.
     * Confirms where a modal asks for nothing else.
     */
    press: async (
      message: PostedMessage,
      actionId: string,
      user: string,
      to: { url: string } | 'socket',
      options: { at?: number; secret?: string } = {},
    ) => {
      const before = views.length;
      const answer = await act(
        message,
        (element) => element.action_id === actionId && element.type === 'button',
        (value) => value.split(' ')[1] === actionId,
        actionId,
        user,
        to,
        options,
      );
      const asked = views[before];
      return asked && !hasInputs(asked) ? submit(asked, user, to) : answer;
    },
    /** Chooses by label: in the menu of that id, else a button of the message or of All responses. */
    choose: (
      message: PostedMessage,
      actionId: string,
      label: string,
      user: string,
      to: { url: string } | 'socket',
    ) => {
      const menu = elementsOf(message.blocks).find(
        (element) => element.action_id === actionId && element.type === 'static_select',
      );
      const option = menu?.options.find((each: { text: { text: string } }) => each.text.text === label);
      if (option) return interact(onMessage(message, user, chosen('static_select', actionId, option)), to);
      return act(
        message,
        (element) => element.type === 'button' && element.text.text === label,
        (_, text) => text === label,
        label,
        user,
        to,
      );
    },
    openHome: async (user: string, to: { url: string }, team = 'T1') => {
      pressers.add(user);
      const body = JSON.stringify({
        type: 'event_callback',
        team_id: team,
        api_app_id: 'A1',
        event_id: randomUUID(),
        event_time: 1,
        event: { type: 'app_home_opened', user, channel: 'D1', tab: 'home', event_ts: newTs() },
      });
      const response = await fetch(`${to.url}/slack/events`, {
        method: 'POST',
        headers: { ...signed(body), 'content-type': 'application/json' },
        body,
      });
      return response.status;
    },
    /** Presses a button of the person's home page. `near` is part of the row above the button. */
    pressHome: (
      user: string,
      actionId: string,
      near: string,
      to: { url: string } | 'socket',
      team = 'T1',
    ) => {
      const blocks = (homes.get(user)?.blocks ?? []) as Loose[];
      const buttons = blocks.flatMap((block, i) =>
        JSON.stringify(blocks[i - 1] ?? '').includes(near)
          ? (block.elements ?? []).map((element: Loose) => ({ ...element, block_id: block.block_id }))
          : [],
      );
      const button = buttons.find((each) => each.action_id === `home.${actionId}`);
      if (!button) throw new Error(`No button ${actionId} near ${near} in ${JSON.stringify(blocks)}`);
      return interact(
        {
          ...base(user, team),
          type: 'block_actions',
          trigger_id: '1.1',
          container: { type: 'view', view_id: `V${user}` },
          view: { ...homes.get(user), id: `V${user}`, state: { values: {} } },
          actions: [{ ...button, action_ts: newTs() }],
        },
        to,
      );
    },
    command: async (name: string, text: string, user: string, to: { url: string }, team = 'T1') => {
      pressers.add(user);
      const body = new URLSearchParams({
        command: name,
        text,
        user_id: user,
        user_name: user,
        channel_id: 'C0SOC0000',
        channel_name: 'soc',
        team_id: team,
        trigger_id: '1.1',
        response_url: '',
      }).toString();
      const response = await fetch(`${to.url}/slack/events`, {
        method: 'POST',
        headers: signed(body),
        body,
        signal: AbortSignal.timeout(3000),
      });
      return response.status;
    },
    submit,
    /** Presses a button inside a modal, with its current values. */
    pressInModal: (
      opened: { id: string; view: Record<string, unknown> },
      actionId: string,
      user: string,
      to: { url: string } | 'socket',
      changes: Record<string, string> = {},
    ) =>
      interact(
        {
          ...base(user),
          type: 'block_actions',
          trigger_id: '1.1',
          view: { ...filled(opened, changes), hash: 'h' },
          actions: [{ type: 'button', action_id: actionId, block_id: 'intro', action_ts: newTs() }],
        },
        to,
      ),
    /** Types into a select that Slack completes. Returns its options. */
    suggest: async (
      opened: { id: string; view: Record<string, unknown> },
      blockId: string,
      typed: string,
      user: string,
      to: { url: string } | 'socket',
    ): Promise<{ value: string; text: { text: string } }[]> => {
      const { element } = (opened.view.blocks as Loose[]).find((block) => block.block_id === blockId);
      const { body } = await interact(
        {
          ...base(user),
          type: 'block_suggestion',
          container: { type: 'view', view_id: opened.id },
          view: { ...opened.view, id: opened.id },
          action_id: element.action_id,
          block_id: blockId,
          value: typed,
        },
        to,
      );
      return JSON.parse(body).options;
    },
    /** Uses the message shortcut on somebody's message. */
    shortcut: (
      callback: string,
      quoted: { channel: string; ts: string; text: string },
      user: string,
      to: { url: string } | 'socket',
    ) =>
      interact(
        {
          ...base(user),
          type: 'message_action',
          callback_id: callback,
          trigger_id: '1.1',
          channel: { id: quoted.channel, name: 'soc' },
          message_ts: quoted.ts,
          message: { type: 'message', ts: quoted.ts, text: quoted.text },
        },
        to,
      ),
    stop: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      if (violations.length > 0) throw new Error(`Slack messages: ${[...new Set(violations)].join('; ')}`);
    },
  };
}
export interface OpenedView {
  id: string;
  view: Record<string, unknown>;
}

const hasInputs = ({ view }: OpenedView) => (view.blocks as Loose[]).some(({ type }) => type === 'input');

/** The elements that can be used, with the id of their block. */
const elementsOf = (blocks: Loose[]): Loose[] =>
  blocks.flatMap(({ block_id, elements, accessory }: Loose) =>
    [...(elements ?? []), ...(accessory ? [accessory] : [])].map((element: Loose) => ({
      block_id,
      ...element,
    })),
  );

// biome-ignore lint/suspicious/noExplicitAny: a view's blocks
type Loose = any;

/** A modal as Slack submits it. */
function filled(opened: { id: string; view: Record<string, unknown> }, changes: Record<string, string>) {
  const values = Object.fromEntries(
    (opened.view.blocks as Loose[])
      .filter((block) => block.type === 'input')
      .map(({ block_id: id, element }) => [id, { [element.action_id]: stateOf(element, changes[id]) }]),
  );
  return { ...opened.view, id: opened.id, state: { values } };
}

function stateOf(element: Loose, value: string | undefined): Record<string, unknown> {
  const option = (wanted: string) => element.options.find((each: Loose) => each.value === wanted);
  switch (element.type) {
    case 'datepicker':
      return { type: element.type, selected_date: value ?? element.initial_date ?? null };
    case 'static_select':
      return {
        type: element.type,
        selected_option: value ? option(value) : (element.initial_option ?? null),
      };
    case 'checkboxes':
      return {
        type: element.type,
        selected_options: value ? value.split(',').map(option) : (element.initial_options ?? []),
      };
    case 'external_select':
      return {
        type: element.type,
        selected_option: value ? { value, text: { type: 'plain_text', text: value } } : null,
      };
    case 'users_select':
      return { type: element.type, selected_user: value ?? element.initial_user ?? null };
    default:
      return { type: element.type, value: (value ?? element.initial_value) || null };
  }
}

export type SimulatedSlack = Awaited<ReturnType<typeof startSlack>>;
