import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { stream } from '../../../src/chat/console/stream';
import { until } from '../../support/wait';

/** Serves a stream that begins once the browser has gone, as while the request is authorized. */
test('a page that closed before its stream began is not watched for', async () => {
  let watching = 0;
  let ended = false;
  const watch = async () => {
    watching++;
    return () => void watching--;
  };
  const app = express();
  app.get('/events', async (_request, response) => {
    await once(response, 'close');
    await stream(response, '', { watch, listAlerts: async () => [], viewsOf: async () => [] });
    ended = true;
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gone = new AbortController();
  const asked = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, {
    signal: gone.signal,
  });
  await once(server, 'request');
  gone.abort();
  await expect(asked).rejects.toThrow();
  await until('the end', () => ended, 5);
  expect(watching).toBe(0);
  server.close();
});
