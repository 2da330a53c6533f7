// Verifies Runwatch's webhooks and forwards them. docs/integrations.md explains the variables.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { FORWARD_TARGET, FORWARD_URL, FORWARD_TOKEN = '', FORWARD_SECRET = '', PORT = '8080' } = process.env;
const maxAgeSeconds = 300;
const maxBytes = 1_000_000;
/** Less than the ten seconds that Runwatch waits. */
const timeoutMs = 8_000;

/** When it happened, in each of Runwatch's formats; seconds. */
const timeOf = (message) =>
  new Date(message.timestamp ?? message['@timestamp'] ?? message.metadata.modified_time).getTime() / 1000;

const requests = {
  hec: (id, body) => ({
    method: 'POST',
    url: FORWARD_URL,
    headers: { authorization: `Splunk ${FORWARD_TOKEN}` },
    body: JSON.stringify({
      time: timeOf(JSON.parse(body)),
      source: 'runwatch',
      sourcetype: 'runwatch',
      event: JSON.parse(body),
      fields: { webhook_id: id },
    }),
  }),
  elasticsearch: (id, body) => ({
    method: 'PUT',
    url: `${FORWARD_URL}/_create/${encodeURIComponent(id)}`,
    headers: { authorization: `ApiKey ${FORWARD_TOKEN}` },
    body,
    /** The document is there already. */
    done: 409,
  }),
  plain: (id, body) => ({ method: 'POST', url: FORWARD_URL, headers: { 'webhook-id': id }, body }),
};

const key = Buffer.from(FORWARD_SECRET.replace(/^whsec_/, ''), 'base64');
const requestOf = Object.hasOwn(requests, FORWARD_TARGET ?? '') ? requests[FORWARD_TARGET] : null;
if (
  !requestOf ||
  !URL.canParse(FORWARD_URL) ||
  key.length < 24 ||
  (FORWARD_TARGET !== 'plain' && !FORWARD_TOKEN)
)
  throw new Error(
    'set FORWARD_TARGET, FORWARD_URL, FORWARD_SECRET and FORWARD_TOKEN as docs/integrations.md says',
  );

function isSigned(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given = '' } = headers;
  if (!id || !(Math.abs(Date.now() / 1000 - Number(at)) <= maxAgeSeconds)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest();
  return given.split(' ').some((one) => {
    const signature = Buffer.from(one.startsWith('v1,') ? one.slice(3) : '', 'base64');
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
}

/** The status to answer: 204 only if the message was accepted. */
async function receive(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBytes) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (request.method !== 'POST' || !isSigned(request.headers, body)) return 401;
  const { url, done, headers, ...rest } = requestOf(request.headers['webhook-id'], body.toString());
  const answer = await fetch(url, {
    ...rest,
    headers: { 'content-type': 'application/json', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  await answer.body?.cancel();
  if (answer.ok || answer.status === done) return 204;
  console.error(`${FORWARD_TARGET} answered ${answer.status}`);
  return 502;
}

const server = createServer(async (request, response) => {
  const status = await receive(request).catch((error) => {
    console.error(`not forwarded: ${error.cause?.code ?? error.name}`);
    return 502;
  });
  response.writeHead(status, { connection: 'close' }).end();
});
server.requestTimeout = 10_000;
server.listen(Number(PORT), () => console.log(`Listening on port ${server.address().port}`));
