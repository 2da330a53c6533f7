import { messageOf } from '../../src/chat/message';
import type { Content } from '../../src/chat/surface';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event } from '../support/event';
import { activity, type Seen, tenantId, validClaims, withBot } from '../support/signed-teams';

const alert = (id: string, state: 'new' | 'acknowledged' = 'new'): Content => {
  const execution = executionFrom(event()) as Execution;
  const raised = { ...newAlert(id, [execution], execution.startedAt), state };
  return { kind: 'alert', model: messageOf(untouched(raised), { responders: true, now: 0 }) };
};
const inPlace = (id: string, fields: Record<string, unknown> = {}) =>
  activity({
    ...fields,
    conversation: {
      id,
      conversationType: 'channel',
      isGroup: true,
      tenantId,
      ...((fields.conversation as object) ?? {}),
    },
  });
const install = (id: string) => inPlace(id, { type: 'installationUpdate', action: 'add', text: undefined });
const say = (id: string, text: string) => inPlace(id, { text });
const conversationsWithAlerts = (seen: Seen) =>
  [...seen.conversations].filter(([, text]) => JSON.parse(text).alerts === true).map(([id]) => id);

test('alerts go only to conversations that a responder chose, whoever writes or installs', async () => {
  await withBot('public', async (post, seen, { surface }) => {
    await post(validClaims, install('19:a@thread.tacv2'));
    await post(validClaims, say('19:b@thread.tacv2', 'status'));
    await post(validClaims, say('a:own-chat', 'status'));
    await expect(surface.post(alert('RW-1'), '*')).rejects.toMatchObject({ kind: 'throttled' });
    await post(validClaims, say('19:b@thread.tacv2;messageid=17', 'alerts here'));
    expect(conversationsWithAlerts(seen)).toEqual(['19:b@thread.tacv2']);
    expect(await surface.post(alert('RW-1'), '*')).toEqual({
      channel: '*',
      message: expect.stringMatching(/^19:b@thread.tacv2 sent-\d+$/),
    });
    await post(validClaims, say('19:b@thread.tacv2', 'alerts stop'));
    expect(conversationsWithAlerts(seen)).toEqual([]);
  });
});

test('a non-responder cannot choose a conversation, and nobody can choose a personal chat', async () => {
  await withBot(
    'public',
    async (post, seen) => {
      await post(validClaims, say('19:b@thread.tacv2', 'alerts here'));
      expect(conversationsWithAlerts(seen)).toEqual([]);
      expect(seen.texts.join()).toContain('Only a responder with all rights');
    },
    { isResponder: false },
  );
  await withBot('public', async (post, seen) => {
    await post(
      validClaims,
      inPlace('a:own', {
        text: 'alerts here',
        conversation: { id: 'a:own', conversationType: 'personal', tenantId },
      }),
    );
    expect(conversationsWithAlerts(seen)).toEqual([]);
    expect(seen.texts.join()).toContain('only to channels and group chats');
  });
});

test('conversations that received alerts before an upgrade still do, except personal chats', async () => {
  await withBot('public', async (_post, seen, { surface }) => {
    const kept = (conversationType: string) =>
      JSON.stringify({
        serviceUrl: 'https://smba.trafficmanager.net/emea/',
        channelId: 'msteams',
        agent: { id: '28:bot', name: 'Runwatch' },
        conversation: { id: conversationType, conversationType },
      });
    seen.conversations.set('channel', kept('channel')).set('personal', kept('personal'));
    const { message } = await surface.post(alert('RW-1'), '*');
    expect(message).toMatch(/^channel sent-\d+$/);
  });
});

test('while Entra issues no token, nothing is sent; afterwards the message is posted once', async () => {
  let isDown = false;
  await withBot(
    'public',
    async (post, seen, { surface }) => {
      await post(validClaims, say('19:b@thread.tacv2', 'alerts here'));
      const sent = () => seen.requests.filter((request) => /^POST .*activities/.test(request)).length;
      const before = sent();
      isDown = true;
      for (let tries = 0; tries < 2; tries++)
        await expect(surface.post(alert('RW-1'), '*')).rejects.toMatchObject({ kind: 'unknown' });
      expect(sent()).toBe(before);
      isDown = false;
      await surface.post(alert('RW-1'), '*');
      expect(sent()).toBe(before + 1);
    },
    {
      issueToken: async () => {
        if (isDown) throw new Error('endpoints_resolution_error');
        return 'our-own-token';
      },
    },
  );
});

test.each([
  [403, 'refused'],
  [500, 'unknown'],
  [429, 'throttled'],
])(
  'a conversation that answers %i does not block the others and is not reported as shown',
  async (status, kind) => {
    let failing = true;
    await withBot(
      'public',
      async (post, seen, { surface }) => {
        for (const id of ['19:a@thread.tacv2', '19:b@thread.tacv2', '19:c@thread.tacv2'])
          await post(validClaims, say(id, 'alerts here'));
        const failure = await surface.post(alert('RW-1'), '*').catch((error) => error);
        expect(failure).toMatchObject({ kind });
        expect(failure.ref.message.split('\n').map((line: string) => line.split(' ')[0])).toEqual([
          '19:a@thread.tacv2',
          '19:c@thread.tacv2',
        ]);
        seen.requests.length = 0;
        const later = await surface
          .update(failure.ref, alert('RW-1', 'acknowledged'))
          .catch((error) => error);
        expect(later).toMatchObject({ kind });
        expect(
          seen.requests
            .filter((request) => request.startsWith('PUT'))
            .map((request) => /19:(\w)/.exec(request)?.[1])
            .sort(),
        ).toEqual(['a', 'c']);
        failing = false;
        seen.requests.length = 0;
        const whole = await surface.update(failure.ref, alert('RW-1', 'acknowledged'));
        expect(whole.message.split('\n')).toHaveLength(3);
        expect(
          seen.requests
            .filter((request) => /activities/.test(request))
            .every((request) => request.includes('19:b@')),
        ).toBe(true);
      },
      {
        answer: (address) =>
          failing && /19%3Ab|19:b/.test(address.pathname) && /activities/.test(address.pathname) && failing
            ? { status, body: { error: { code: 'Simulated', message: 'simulated' } } }
            : null,
      },
    );
  },
  30_000,
);

test('a deleted conversation gets no more alerts; a deleted card is reposted only where it was', async () => {
  const gone = new Set<string>();
  await withBot(
    'public',
    async (post, seen, { surface }) => {
      for (const id of ['19:a@thread.tacv2', '19:b@thread.tacv2'])
        await post(validClaims, say(id, 'alerts here'));
      const ref = await surface.post(alert('RW-1'), '*');
      const [, lost = ''] = (ref.message.split('\n')[1] ?? '').split(' ');
      gone.add(`/${lost}`);
      seen.requests.length = 0;
      const again = await surface.update(ref, alert('RW-1', 'acknowledged'));
      expect(again.message.split('\n')).toHaveLength(2);
      expect(again.message).not.toContain(lost);
      expect(
        seen.requests
          .filter((request) => request.startsWith('POST'))
          .every((request) => request.includes('19:b@')),
      ).toBe(true);
      gone.add('19:b@');
      const left = await surface.post(alert('RW-2'), '*');
      expect(left.message).toMatch(/^19:a@thread.tacv2 [^\n]+$/);
      expect(conversationsWithAlerts(seen)).toEqual(['19:a@thread.tacv2']);
    },
    {
      answer: (address, method) => {
        const path = decodeURIComponent(address.pathname);
        return method !== 'GET' &&
          [...gone].some(
            (part) =>
              path.includes(part) && (part.startsWith('/') ? method === 'PUT' && path.endsWith(part) : true),
          )
          ? { status: 404, body: { error: { code: 'NotFound', message: 'gone' } } }
          : null;
      },
    },
  );
});

test.each<[string, Record<string, unknown>]>([
  ['a guest', { userRole: 'guest' }],
  ['an account of another tenant', { tenantId: '99999999-0000-4000-8000-000000000000' }],
  ['an invited account', { userPrincipalName: 'eve_evil.example#EXT#@contoso.example' }],
])('%s cannot run commands', async (_, fields) => {
  await withBot(
    'public',
    async (post, seen) => {
      await post(validClaims, say('19:b@thread.tacv2', 'status'));
      expect(seen.commands).toEqual([]);
      expect(seen.texts.join()).toContain('Guests cannot use Runwatch');
    },
    {
      answer: (address) =>
        address.pathname.includes('/members/')
          ? {
              status: 200,
              body: {
                id: '29:eve',
                name: 'Eve',
                userPrincipalName: 'eve@contoso.example',
                tenantId,
                ...fields,
              },
            }
          : null,
    },
  );
});

test('a user without read access is refused, and no command runs', async () => {
  await withBot(
    'public',
    async (post, seen) => {
      await post(validClaims, say('19:b@thread.tacv2', 'status'));
      expect(seen.commands).toEqual([]);
      expect(seen.texts).toEqual(['no']);
    },
    { mayRead: false },
  );
});
