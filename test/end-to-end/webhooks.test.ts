import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listWebhooks, replayWebhook, testWebhook } from '../../src/commands/webhooks';
import { loadConfig } from '../../src/load-config';
import { createStore, type Store } from '../../src/store/store';
import { alertOn, runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openPublished } from '../support/json-schema';
import { until } from '../support/wait';
import { type Receiver, startReceiver, webhookSecret } from '../support/webhook-receiver';

let bench: Bench;
let store: Store;
let ours: Receiver;
let siem: Receiver;
beforeEach(async () => {
  [bench, ours, siem] = await Promise.all([setUp({ mode: 'http' }), startReceiver(), startReceiver()]);
  store = createStore(bench.redis.address, []);
});
afterEach(async () => {
  await store.close();
  await bench.stop();
  ours.stop();
  siem.stop();
});

const typesOf = ({ received }: Receiver) => received.map(({ body }) => body.type);
const gone: Receiver['behavior'] = (response) => void response.writeHead(410).end();

test('alerts reach webhooks; the console and the command line show, test and replay what was not accepted', async () => {
  const path = join(bench.env.RUNWATCH_DATA_DIR as string, 'runwatch.yaml');
  writeFileSync(
    path,
    `webhooks:
  - {name: ours, url: '${ours.url}', secret: '${webhookSecret}', allowPrivate: true}
  - {name: siem, url: '${siem.url}', secret: '${webhookSecret}', allowPrivate: true, format: ocsf}
  - {name: refused, url: 'https://127.0.0.1:9/', secret: '${webhookSecret}', events: [alert.raised]}
`,
  );
  const env = { RUNWATCH_CONFIG: path };
  const { url } = await bench.start(env);
  const config = loadConfig({ ...bench.env, ...env });
  await until('the first cursor', () => store.feed.cursorOf('webhook refused'));
  siem.behavior = gone;
  runOn(bench, bench.world.vms.pay01);
  await alertOn(bench, 'vm-pay-01');
  await until('the alert', () => typesOf(ours).includes('alert.raised'));
  expect(ours.refused.concat(siem.refused)).toEqual([]);
  expect(openPublished('ocsf-detection-finding-1.8.0.json')('', siem.received[0]?.body)).toEqual([]);

  const page = async () =>
    (await fetch(`${url}/console/health`, { headers: { accept: 'text/html' } })).text();
  const shown = await until('the disabled webhook', async () => {
    const text = await page();
    return text.includes('Disabled: gone') ? text : null;
  });
  expect(shown).toContain('action="/console/health/webhooks/siem/replay"');
  expect(shown).not.toContain('a-secret-path-of-the-receiver');
  await bench.runNow('health', 'watch');
  await until('the notice', () =>
    JSON.stringify(bench.slack.messages).includes('The webhook siem is disabled'),
  );
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('runwatch_webhooks_total{webhook="ours",result="sent"}');
  expect(metrics).toMatch(/runwatch_webhook_failed\{webhook="siem"\} [1-9]/);

  const out: string[] = [];
  const output = {
    out: (line: string) => void out.push(line),
    err: () => {},
    interactive: false,
    color: false,
  };
  await listWebhooks({ json: true }, config, output);
  const listed = out.splice(0).map((line) => JSON.parse(line));
  expect(listed.map(({ name, error }) => [name, error])).toEqual([
    ['ours', null],
    ['siem', '127.0.0.1 answered 410'],
    ['refused', expect.stringMatching(/its address is private/)],
  ]);
  await testWebhook('ours', { json: true }, config, output);
  expect(JSON.parse(out.splice(0)[0] as string)).toMatchObject({ webhook: 'ours', accepted: true });
  expect(typesOf(ours)).toContain('webhook.test');
  await expect(testWebhook('siem', {}, config, output)).rejects.toThrow('127.0.0.1 answered 410');
  await expect(testWebhook('our', {}, config, output)).rejects.toThrow('did you mean ours?');

  const replay = (csrf: string) =>
    fetch(`${url}/console/health/webhooks/siem/replay`, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'text/html', origin: url as string },
      body: new URLSearchParams({ csrf }),
    });
  siem.behavior = siem.accept;
  const before = siem.received.length;
  expect((await replay('x')).status).toBe(403);
  expect(siem.received).toHaveLength(before);
  const csrf = /name="csrf" value="([^"]+)"/.exec(shown)?.[1] as string;
  expect((await replay(csrf)).status).toBe(303);
  await until('the replay', () => siem.received.length > before);
  await until('the recovery', async () => !(await page()).includes('Disabled: gone'));

  const raised = ours.received.find(({ body }) => body.type === 'alert.raised');
  await replayWebhook('ours', { since: new Date(Date.now() - 3_600_000).toISOString() }, config, output);
  await until('the second copy', () => ours.received.filter(({ id }) => id === raised?.id).length === 2);
  const audited = (await store.audit.read()).filter(({ action }) => action === 'webhook.replay');
  expect(audited.map(({ object, result }) => `${object} ${result}`)).toEqual([
    'siem started',
    'siem done',
    'ours done',
  ]);
}, 60_000);

test('someone who may not do everything everywhere sees no replay, and is refused one', async () => {
  const path = join(bench.env.RUNWATCH_DATA_DIR as string, 'runwatch.yaml');
  writeFileSync(
    path,
    `webhooks: [{name: ours, url: '${ours.url}', secret: '${webhookSecret}', allowPrivate: true}]\n`,
  );
  await store.webhooks.gone('ours', ours.url, Date.now());
  const { url } = await bench.start({ RUNWATCH_CONFIG: path, RUNWATCH_RESPONDERS: 'sam@contoso.example' }, [
    'serve',
  ]);
  const page = await (await fetch(`${url}/console/health`, { headers: { accept: 'text/html' } })).text();
  expect(page).toContain('Disabled: gone');
  expect(page).not.toContain('/replay"');
  const audit = await (
    await fetch(`${url}/console/exceptions/new`, { headers: { accept: 'text/html' } })
  ).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(audit)?.[1] as string;
  const answer = await fetch(`${url}/console/health/webhooks/ours/replay`, {
    method: 'POST',
    headers: { accept: 'text/html', origin: url as string },
    body: new URLSearchParams({ csrf }),
  });
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain('Only responders for every action in every subscription');
  const audited = (await store.audit.read()).filter(({ action }) => action === 'webhook.replay');
  expect(audited.map(({ result }) => result)).toEqual(['refused']);
}, 60_000);
