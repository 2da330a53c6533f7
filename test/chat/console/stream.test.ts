import { once } from 'node:events';
import { get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { stream } from '../../../src/chat/console/stream';
import { newAlert } from '../../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';
import { type OwnStore, startStore } from '../../support/store';
import { until } from '../../support/wait';

let own: OwnStore;
let server: Server;
let watchers = 0;
beforeAll(async () => {
  own = await startStore();
  const app = express();
  app.get('/:session', (request, response) => {
    const { store } = own;
    return stream(response, request.params.session, {
      listAlerts: async () => [],
      viewsOf: async () => [],
      watch: async (listener) => {
        const stop = await store.watchChanges(listener);
        watchers += 1;
        return () => {
          watchers -= 1;
          stop();
        };
      },
    });
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await own.stop();
});

/** A page of a session that listens. */
async function open(session: string) {
  const reader = { text: '', ended: false, close: () => {} };
  const before = watchers;
  const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${session}`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    reader.text += text;
  });
  response.on('end', () => {
    reader.ended = true;
  });
  reader.close = () => request.destroy();
  await until('the reader listens', () => watchers > before);
  return reader;
}
const change = async (id: string) => {
  const alert = newAlert(id, [executionFrom(event()) as Execution], new Date().toISOString());
  await own.store.alerts.update(id, () => ({ alert }), null);
};

test('a change reaches every reader, and the answer of a press none', async () => {
  const [one, two] = [await open('one'), await open('two')];
  await own.store.answers.put('press-1', 'the roles of Dana');
  await change('RW-1');
  for (const reader of [one, two]) {
    await until('the change', () => reader.text.includes('event: alert\ndata: {"id":"RW-1"}'));
    expect(reader.text).not.toContain('Dana');
    expect(reader.text).not.toContain('press-1');
    reader.close();
  }
  await until('nobody listens', () => watchers === 0);
});

test('the end of a session ends its streams at once, and no others', async () => {
  const [one, again, two] = [await open('one'), await open('one'), await open('two')];
  await own.store.signIns.endSession('one', 'dana');
  await until('the session’s streams end', () => one.ended && again.ended);
  await until('the watches stop', () => watchers === 1);
  await change('RW-2');
  await until('the change', () => two.text.includes('RW-2'));
  expect(one.text + two.text).not.toContain('ended');
  two.close();
});

test('a session that a newer one displaces ends its streams', async () => {
  const limits = { seconds: 60, listSeconds: 60, most: 1 };
  await own.store.signIns.addSession('old', 'sam', 'sealed', { ...limits, at: 1 });
  const reader = await open('old');
  await own.store.signIns.addSession('new', 'sam', 'sealed', { ...limits, at: 2 });
  await until('the stream ends', () => reader.ended);
});
