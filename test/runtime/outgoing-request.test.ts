import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { hideSecrets } from '../../src/domain/text/redactor';
import { OutgoingError, type OutgoingRequest, sendRequest } from '../../src/runtime/outgoing-request';

const stops: (() => void)[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const stop of stops.splice(0)) stop();
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  stops.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const failure = (outgoing: OutgoingRequest) =>
  sendRequest(outgoing).then(
    ({ status }) => expect(`an answer, ${status}`).toBe('an error'),
    (error) => {
      expect(error).toBeInstanceOf(OutgoingError);
      return error as OutgoingError;
    },
  ) as Promise<OutgoingError>;

test('sends the body and the headers, and returns any status', async () => {
  const port = await listen(async (request, response) => {
    const chunks = await request.toArray();
    response.setHeader('retry-after', '7').writeHead(503);
    response.end(`${request.method} ${request.url} ${request.headers['x-a']} ${Buffer.concat(chunks)}`);
  });
  const sent = {
    url: `http://127.0.0.1:${port}/x?y=1`,
    headers: { 'x-a': 'b' },
    body: 'é',
    allowPrivate: true,
  };
  const { status, headers, text } = await sendRequest(sent);
  expect({ status, text, after: headers['retry-after'] }).toEqual({
    status: 503,
    text: 'POST /x?y=1 b é',
    after: '7',
  });
});

test('does not follow redirects', async () => {
  const seen: string[] = [];
  const port = await listen((request, response) => {
    seen.push(request.url ?? '');
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  expect((await sendRequest({ url: `http://127.0.0.1:${port}/`, allowPrivate: true })).status).toBe(307);
  expect(seen).toEqual(['/']);
});

test('ends answers that are late, endless or broken, without naming the path', async () => {
  const port = await listen(({ url }, response) => {
    if (url?.startsWith('/late')) response.write('.');
    if (url?.startsWith('/broken')) response.socket?.destroy();
    if (url?.startsWith('/endless')) {
      const more = () =>
        void (response.destroyed || response.write('x'.repeat(10_000), () => setImmediate(more)));
      more();
    }
  });
  const asked = (path: string, more: Partial<OutgoingRequest>) =>
    failure({ url: `http://127.0.0.1:${port}/${path}/secret-path`, allowPrivate: true, ...more });
  const [silent, late, endless, broken] = await Promise.all([
    asked('silent', { timeoutMs: 300 }),
    asked('late', { timeoutMs: 300 }),
    asked('endless', { maxBytes: 50_000 }),
    asked('broken', {}),
  ]);
  expect([silent.code, late.code, endless.code, broken.code]).toEqual([
    'timeout',
    'timeout',
    'too long',
    'failed',
  ]);
  for (const error of [silent, late, endless, broken]) expect(error.message).not.toContain('secret-path');
  expect(silent.message).toBe('127.0.0.1: no answer within 0.3 s');
});

test('a status suffices if the body is ignored', async () => {
  const port = await listen((_, response) => void response.writeHead(202).write('never ends'));
  const answer = await sendRequest({ url: `http://127.0.0.1:${port}/`, allowPrivate: true, maxBytes: 0 });
  expect(answer).toMatchObject({ status: 202, text: '' });
});

test.each([
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '169.254.169.254',
  '168.63.129.16',
])('refuses %s', async (host) => {
  const received = jest.fn();
  const port = await listen(received);
  expect(await failure({ url: `http://${host}:${port}/`, timeoutMs: 2000 })).toMatchObject({
    code: 'refused',
  });
  expect(received).not.toHaveBeenCalled();
});

test('checks the address that it connects to, even if a name has another one each time', async () => {
  const received = jest.fn();
  const port = await listen(received);
  const answers = [
    [
      { address: '93.184.215.14', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ],
  ];
  const looked = jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((
      _name: string,
      _options: object,
      callback: (error: null, found: dns.LookupAddress[]) => void,
    ) => callback(null, answers.shift() ?? [{ address: '127.0.0.1', family: 4 }])) as never);
  for (let time = 1; time <= 2; time++) {
    expect((await failure({ url: `http://rebinding.example:${port}/`, timeoutMs: 2000 })).code).toBe(
      'refused',
    );
    expect(looked).toHaveBeenCalledTimes(time);
  }
  expect(received).not.toHaveBeenCalled();
});

test('errors have no secrets', async () => {
  hideSecrets(['hunter22']);
  expect((await failure({ url: 'https://hunter22.invalid/', timeoutMs: 5000 })).message).not.toContain(
    'hunter22',
  );
});

test('uses the proxy that Node uses, and refuses private names there too', async () => {
  const asked: string[] = [];
  const target = await listen((_, response) => void response.end('proxied'));
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    const onward = connect(target, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    socket.pipe(onward).pipe(socket);
    stops.push(() => onward.destroy());
  });
  stops.push(
    () => proxy.closeAllConnections(),
    () => proxy.close(),
  );
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as { port: number };
  const before = { ...process.env };
  Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', http_proxy: `http://127.0.0.1:${port}` });
  try {
    await jest.isolateModulesAsync(async () => {
      const proxied = await import('../../src/runtime/outgoing-request');
      expect((await proxied.sendRequest({ url: 'http://hooks.invalid/' })).text).toBe('proxied');
      await expect(proxied.sendRequest({ url: 'http://localhost/' })).rejects.toMatchObject({
        code: 'refused',
      });
    });
  } finally {
    process.env = before;
  }
  expect(asked).toEqual(['hooks.invalid:80']);
});
