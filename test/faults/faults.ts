import { gzipSync } from 'node:zlib';
import { connect } from '../../src/store/redis/connect';
import { killRedis, pidOfRedis } from '../support/kill-redis';
import { until } from '../support/wait';
import { type Fleet, roles } from './fleet';
import type { Random } from './random';

/** Unpacks to 300 MB of spaces. */
const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 32));

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const reads = /^GET /;
const log = /^GET .*eventtypes/;
const writes = /^(PUT|POST|PATCH|DELETE) (?!.*getByIds)/;
/** Lists of a whole subscription, which a storm reads instead of each machine and each caller. */
const lists = /^GET \/subscriptions\/[^/]+\/providers\/Microsoft\.(Compute|Network|Authorization)\/[^/]+$/i;

/** Longer than a response waits for approval, ms. */
const pastApproval = 16 * 60_000;

type Faults = Record<string, () => unknown>;

/** The faults of a fleet by topic and name. Each leaves the rest of the run able to succeed. */
export const faultsOf = (fleet: Fleet, random: Random): Record<string, Faults> => ({
  processes: faultsOfProcesses(fleet),
  redis: fleet.sentinels ? faultsOfSentinels(fleet) : faultsOfRedis(fleet),
  azure: faultsOfAzure(fleet, random),
  lists: faultsOfLists(fleet, random),
  slack: faultsOfSlack(fleet, random),
  ...(fleet.withTeams ? { teams: faultsOfTeams(fleet) } : {}),
  signIn: faultsOfSignIn(fleet),
});

const faultsOfProcesses = ({ kill, jump, letPass }: Fleet): Faults => ({
  'kill the poller': () => kill('poll,enrich'),
  'kill the deliverer': () => kill('deliver'),
  'kill the responder': () => kill('respond,serve'),
  'kill all': () => Promise.all(roles.map((role) => kill(role))),
  'rolling restart': async () => {
    for (const role of roles) await kill(role, 'SIGTERM');
  },
  'the poller’s clock jumps': () => jump('poll,enrich'),
  'the deliverer’s clock jumps': () => jump('deliver'),
  'the responder’s clock jumps': () => jump('respond,serve'),
  'sixteen minutes pass': () => letPass(pastApproval),
});

const faultsOfRedis = ({ bench, proxies }: Fleet): Faults => ({
  'Redis is full': async () => {
    const redis = connect(bench.redis.address);
    await redis.config('SET', 'maxmemory', '1');
    await pause(1500);
    await redis.config('SET', 'maxmemory', '0');
    redis.disconnect();
  },
  'the connection to Redis is cut': () => proxies.redis.cut(700),
  'nothing comes back from Redis': () => proxies.redis.lose('down', 1500),
  'nothing gets to Redis': () => proxies.redis.lose('up', 1500),
  'Redis killed and started again': async () => {
    await killRedis(bench.redis.address);
    await pidOfRedis(bench.redis.address);
  },
  'Redis paused': async () => {
    const pid = await pidOfRedis(bench.redis.address);
    process.kill(pid, 'SIGSTOP');
    await pause(2000);
    process.kill(pid, 'SIGCONT');
  },
});

/** Replication is asynchronous, so each may lose the last writes; the second one does. */
const faultsOfSentinels = ({ sentinels, servers }: Fleet): Faults => {
  const master = () => sentinels?.master() ?? 0;
  const failover = async (fail: (port: number) => Promise<unknown>) => {
    const before = master();
    await servers.waitForReplica(before);
    await fail(before);
    await until('another master', () => master() !== 0 && master() !== before, 40);
    return before;
  };
  return {
    'the master of Redis dies': async () => servers.restart(await failover(servers.kill)),
    'the master of Redis dies with its last writes': async () => {
      const died = await failover(async (port) => {
        const replica = sentinels?.replicaOf(port) ?? 0;
        await servers.kill(replica);
        await pause(700);
        await servers.kill(port);
        await servers.restart(replica, port);
      });
      await servers.restart(died);
    },
    'the master of Redis is paused, and returns to another master': async () =>
      servers.waitUntilReplica(await failover((port) => servers.pause(port, 3000))),
  };
};

const faultsOfAzure = ({ bench: { tenant }, proxies }: Fleet, { pick }: Random): Faults => ({
  'the connection to ARM is cut': () => proxies.arm.cut(700),
  'nothing comes back from ARM': () => proxies.arm.lose('down', 1500),
  'ARM throttles': () => tenant.faults.add({ when: reads, status: 429, retryAfter: 1, times: 4 }),
  'ARM fails': () => tenant.faults.add({ when: reads, status: pick([500, 503]), times: 6 }),
  'ARM’s token has expired': () => tenant.faults.add({ when: reads, status: 401, times: 2 }),
  'ARM’s response is cut': () =>
    tenant.faults.add({ when: log, status: 200, body: '{"value":[{"eventDa', times: 2 }),
  'ARM disconnects': () => tenant.faults.add({ when: reads, status: 500, cut: true, times: 3 }),
  'ARM answers nothing for 5 s': () =>
    tenant.faults.add({
      when: log,
      status: 200,
      play: (response) => void setTimeout(() => response.destroy(), 5000).unref(),
      times: 1,
    }),
  'ARM answers with a sign-in page': () =>
    tenant.faults.add({
      when: reads,
      status: 200,
      body: '<html>Sign in</html>',
      headers: { 'content-type': 'text/html' },
      times: 4,
    }),
  'ARM answers with a gzip bomb': () =>
    tenant.faults.add({
      when: log,
      status: 200,
      times: 2,
      play: (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(bomb),
    }),
  'ARM redirects elsewhere': () =>
    tenant.faults.add({
      when: reads,
      status: 307,
      body: '',
      headers: { location: 'https://evil.example/' },
      times: 2,
    }),
  'ARM’s pages come twice': () =>
    tenant.faults.add({
      when: log,
      status: 200,
      times: 6,
      play: (response, request) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            value: [],
            nextLink: `${tenant.endpoint}${request.path}?api-version=2015-04-01`,
          }),
        );
      },
    }),
  'ARM’s clock is an hour behind': () =>
    tenant.faults.add({
      when: log,
      status: 503,
      times: 2,
      play: (response) =>
        void response.writeHead(503, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end(),
    }),
  'changes are refused for a while': () =>
    tenant.faults.add({ when: writes, status: pick([409, 429, 503]), retryAfter: 1, times: 3 }),
  'the answers to changes are lost': () =>
    tenant.faults.add({ when: writes, status: 500, after: true, cut: true, times: 2 }),
});

const faultsOfLists = ({ bench: { tenant } }: Fleet, { pick }: Random): Faults => ({
  'lists throttle': () => tenant.faults.add({ when: lists, status: 429, retryAfter: 1, times: 3 }),
  'lists fail': () => tenant.faults.add({ when: lists, status: pick([500, 503]), times: 4 }),
  'lists are refused': () => tenant.faults.add({ when: lists, status: 403, times: 2 }),
  'lists are cut': () => tenant.faults.add({ when: lists, status: 500, cut: true, times: 3 }),
  'lists answer late': () => tenant.faults.add({ when: lists, status: 200, delayMs: 3000, times: 2 }),
  'lists answer nothing for 5 s': () =>
    tenant.faults.add({
      when: lists,
      status: 200,
      play: (response) => void setTimeout(() => response.destroy(), 5000).unref(),
      times: 2,
    }),
});

const faultsOfSlack = ({ bench: { slack }, proxies }: Fleet, { pick }: Random): Faults => ({
  'nothing comes back from Slack': () => proxies.slack.lose('down', 1500),
  'nothing gets to Slack': () => proxies.slack.lose('up', 1500),
  'Slack throttles': () => slack.add({ method: 'chat.postMessage', times: 3, status: 429, retryAfter: 1 }),
  'Slack fails': () =>
    slack.add({ method: pick(['chat.postMessage', 'chat.update']), times: 3, status: 500 }),
  'Slack’s response is lost': () => slack.add({ method: 'chat.postMessage', times: 2, after: true }),
  'Slack disconnects': () => slack.add({ method: 'chat.postMessage', times: 2, cut: true }),
  'the socket is refreshed': () => slack.refreshSocket(),
  'the socket is cut': () => slack.cutSocket(),
});

const faultsOfTeams = ({ teams, proxies }: Fleet): Faults => ({
  'Teams throttles': () => teams.fail(3, 429),
  'Teams fails': () => teams.fail(3, 500),
  'Teams’ token is refused': () => teams.fail(2, 401),
  'nothing gets to Teams': () => proxies.teams.lose('up', 1500),
  'Teams’ response is lost': () => teams.lose(1),
  'the connection to Teams is cut': () => proxies.teams.cut(700),
});

const faultsOfSignIn = ({ issuer }: Fleet): Faults => ({
  'the OpenID provider is down': async () => {
    await issuer.stop();
    setTimeout(() => void issuer.restart(), 1500);
    await pause(1600);
  },
  'the OpenID provider changes its keys': () => issuer.rotate(),
});
