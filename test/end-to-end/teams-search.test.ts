import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { messageOf } from '../../src/chat/message';
import type { Content, Surface } from '../../src/chat/surface';
import { createTeamsSearch } from '../../src/chat/teams/search';
import { createTeams } from '../../src/chat/teams/teams-app';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { createLog } from '../../src/runtime/log';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/store/redis/embedded-redis';
import { createStore, type Store } from '../../src/store/store';
import { untouched } from '../support/alerts';
import { event } from '../support/event';
import { type SimulatedTeams, startTeams } from '../support/teams';

let dir: string;
let redis: EmbeddedRedis;
let store: Store;
let teams: SimulatedTeams;
let surface: Surface;
let stop: () => Promise<unknown>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'runwatch-teams-'));
  redis = await startEmbeddedRedis(dir);
  store = createStore(redis.address, ['teams']);
  teams = await startTeams();
  const { appId, token } = teams.graph;
  const bot = createTeams({
    config: { appId: '', appPassword: '', tenantId: '', cloud: 'public', channel: null, local: true },
    routed: [],
    log: createLog('silent'),
    state: store.surfaceState('teams'),
    press: async () => '',
    answerTo: async () => null,
    command: async () => '',
    mayRead: async () => true,
    mayChoosePlaces: async () => true,
    placeChosen: async () => {},
    cannotRead: '',
    sla: {},
    linkTo: () => null,
    getView: async () => null,
    missingPermissions: async () => null,
    home: async () => [],
    rules: [],
    search: createTeamsSearch({ endpoint: teams.address, token: async () => token, appId }),
    now: Date.now,
  });
  surface = bot.surface;
  const server = express().use(bot.router).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () => new Promise((done) => server.close(done));
  await teams.install(url, 'c-soc');
});
afterEach(async () => {
  await stop();
  await teams.stop();
  await store.close();
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
});

const alertContent = (id: string): Content => {
  const execution = executionFrom(event()) as Execution;
  const alert = newAlert(id, [execution], execution.startedAt);
  return { kind: 'alert', model: messageOf(untouched(alert), { responders: true, now: 0 }) };
};

test('a card whose response was lost is found through Graph, recorded and not sent again', async () => {
  const since = Date.now();
  for (const id of ['RW-A', 'RW-B', 'RW-C']) await surface.post(alertContent(id), '*');
  teams.lose(1);
  await expect(surface.post(alertContent('RW-D'), '*')).rejects.toMatchObject({ kind: 'unknown' });
  for (const id of ['RW-E', 'RW-F']) await surface.post(alertContent(id), '*');
  const [lost] = [...teams.activities].find(([, { card }]) => JSON.stringify(card).includes('RW-D')) ?? [];
  expect(await surface.find('RW-D', since, '*', null)).toEqual({ channel: '*', message: `c-soc ${lost}` });
  expect(teams.graph.asked[0]).toBe(
    '/v1.0/teams/00000000-0000-4000-8000-0000000000e0/channels/c-soc/messages',
  );
  const asked = teams.graph.asked.length;
  await surface.post(alertContent('RW-D'), '*');
  await surface.find('RW-D', since, '*', null);
  expect(teams.graph.asked).toHaveLength(asked);
  expect(teams.cards()).toHaveLength(6);
});

test('a notice whose response was lost is found too', async () => {
  const since = Date.now();
  const notice = (id: string): Content => ({ kind: 'notice', id, text: 'RW-A has waited\nfor long' });
  await surface.post(notice('reminder.RW-A.1'), '*');
  teams.lose(1);
  await expect(surface.post(notice('reminder.RW-A.2'), '*')).rejects.toMatchObject({ kind: 'unknown' });
  const lost = [...teams.activities.keys()][1];
  expect(await surface.find('reminder.RW-A.2', since, '*', null)).toEqual({
    channel: '*',
    message: `c-soc ${lost}`,
  });
});

test('a card that Teams never accepted is not found, and older messages are not read', async () => {
  for (let i = 0; i < 8; i++) await surface.post(alertContent(`RW-${i}`), '*');
  expect(await surface.find('RW-X', Date.now(), '*', null)).toBeNull();
  expect(teams.graph.asked.length).toBe(4);
  teams.graph.asked.length = 0;
  expect(await surface.find('RW-X', Date.now() + 3_600_000, '*', null)).toBeNull();
  expect(teams.graph.asked.length).toBe(1);
});

test('messages of other apps, of other alerts and older ones are not mistaken for it', async () => {
  teams.lose(1);
  await expect(surface.post(alertContent('RW-1'), '*')).rejects.toMatchObject({ kind: 'unknown' });
  const find = (id: string, since: number) => surface.find(id, since, '*', null);
  expect(await find('RW-1', Date.now() + 120_000)).toBeNull();
  expect(await find('RW-', Date.now())).toBeNull();
  teams.graph.appId = 'another-app';
  expect(await find('RW-1', Date.now())).toBeNull();
  teams.graph.appId = 'bot-app';
  expect(await find('RW-1', Date.now())).not.toBeNull();
});

test('a thread is a reply to its card in a channel, and is searched for there', async () => {
  const since = Date.now();
  const parent = await surface.post(alertContent('RW-A'), '*');
  const thread: Content = { kind: 'thread', id: 'RW-A.thread', parent, parts: [] };
  teams.lose(1);
  await expect(surface.post(thread, '*')).rejects.toMatchObject({ kind: 'unknown' });
  const below = `c-soc;messageid=${parent.message.split(' ')[1]}`;
  expect([...teams.activities.values()].map(({ conversation }) => conversation)).toEqual(['c-soc', below]);
  const [lost] = [...teams.activities.keys()].slice(-1);
  expect(await surface.find('RW-A.thread', since, '*', parent)).toEqual({
    channel: '*',
    message: `c-soc ${lost}`,
  });
  expect(teams.graph.asked[0]).toMatch(/\/messages\/[^/]+\/replies$/);
});

test('without the permission in the team, the search is refused and names what to grant', async () => {
  teams.graph.granted = false;
  await expect(surface.find('RW-A', Date.now(), '*', null)).rejects.toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('ChannelMessage.Read.Group'),
  });
});
