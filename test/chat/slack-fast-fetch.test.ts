import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebClient } from '@slack/web-api';
import { createFastFetch } from '../../src/chat/slack/fast-fetch';

let close: () => void;
afterEach(() => close());

/** Slack's own client, against a server with this handler. */
async function clientOf(answer: RequestListener, limitMs = 300) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new WebClient('xoxb-test', {
    slackApiUrl: `${origin}/api/`,
    retryConfig: { retries: 0 },
    fetch: createFastFetch(origin, limitMs),
  });
}

test.each<[string, RequestListener]>([
  ['never answers', () => {}],
  ['stops in the middle of its answer', (_, response) => void response.writeHead(200).write('{"ok":')],
  [
    'sends without end',
    (_, response) => {
      const send = () => response.write('x'.repeat(1024 * 1024), send);
      send();
    },
  ],
])('a call to a Slack that %s fails', async (_, answer) => {
  const client = await clientOf(answer);
  await expect(client.auth.test()).rejects.toMatchObject({ code: 'slack_webapi_request_error' });
});

test('text arrives unchanged, and headers are read in any case', async () => {
  let body = '';
  const client = await clientOf((request, response) => {
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => response.setHeader('X-OAuth-Scopes', 'chat:write, im:write').end('{"ok":true}'));
  });
  const text = "100% of ‘é’ & <b>, 😀 + ~!*'()";
  const answer = await client.chat.postMessage({ channel: 'C1', text });
  expect(new URLSearchParams(body).get('text')).toBe(text);
  expect(answer.response_metadata?.scopes).toEqual(['chat:write', 'im:write']);
});

test('more calls than connections are all answered, and each gets its own answer', async () => {
  const client = await clientOf((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () =>
      response.end(JSON.stringify({ ok: true, ts: new URLSearchParams(body).get('text') })),
    );
  }, 10_000);
  const texts = Array.from({ length: 120 }, (_, i) => `text ${i}`);
  const answers = await Promise.all(texts.map((text) => client.chat.postMessage({ channel: 'C1', text })));
  expect(answers.map(({ ts }) => ts)).toEqual(texts);
});
