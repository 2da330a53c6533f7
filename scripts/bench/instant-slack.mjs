// A simulated Slack in its own process that accepts everything immediately. It reports when it has received
// the expected number of messages, without replies in threads.
import { createServer } from 'node:http';

let ts = 0;
let posted = 0;
let expected = Number.POSITIVE_INFINITY;
process.on('message', (count) => {
  posted = 0;
  expected = count;
});
const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(`{"ok":true,"channel":"C1","ts":"${1_700_000_000 + ++ts}.000001","messages":[]}`);
    if (!/chat\.postMessage$|^\/webhook/.test(request.url ?? '')) return;
    if (Buffer.concat(chunks).includes('thread_ts')) return;
    if (++posted === expected) process.send?.('all posted');
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
