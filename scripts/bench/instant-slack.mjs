// A Slack that takes everything at once, in a process of its own.
import { createServer } from 'node:http';

let ts = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(`{"ok":true,"channel":"C1","ts":"${1_700_000_000 + ++ts}.000001","messages":[]}`);
    if (request.url?.endsWith('chat.postMessage')) process.send?.('posted');
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
