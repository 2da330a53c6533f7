import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printConfig } from '../../../src/commands/print-config';
import { hideSecrets, redactSecrets, shownUrl } from '../../../src/domain/text/redactor';
import { loadConfig } from '../../../src/load-config';
import { until } from '../../support/wait';

const cli = join(__dirname, '../../../dist/cli.js');

/** A distinct secret for every place that can hold one. */
const planted = (name: string) => `planted-${name}-4f9a1c`;
const env = {
  AZURE_ACCESS_TOKEN: planted('azure'),
  EVENT_HUB_CONNECTION_STRING: `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=${planted('hub')}`,
  REDIS_URL: `redis://user:${planted('redis')}@127.0.0.1:1/0`,
  SLACK_BOT_TOKEN: `xoxb-${planted('bot')}`,
  SLACK_APP_TOKEN: `xapp-${planted('app')}`,
  SLACK_SIGNING_SECRET: planted('signing'),
  SLACK_CHANNEL: 'C0SOC0000',
  SLACK_API_URL: `http://user:${planted('slack-url')}@127.0.0.1:1/api/?key=${planted('slack-query')}`,
  SLACK_SECOND: `xoxb-${planted('second')}`,
  TEAMS_APP_ID: 'app',
  TEAMS_APP_PASSWORD: planted('teams'),
  TEAMS_TENANT_ID: 'tenant',
  RUNWATCH_CONSOLE_TOKEN: planted('console'),
  RUNWATCH_METRICS_TOKEN: planted('metrics'),
  OTEL_EXPORTER_OTLP_ENDPOINT: `https://user:${planted('otlp-user')}@otlp.contoso.example`,
  OTEL_EXPORTER_OTLP_HEADERS: `api-key=${planted('otlp')},authorization=Bearer%20${planted('otlp-bearer')}`,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: `x-key=${planted('otlp-traces')}`,
  RUNWATCH_SECRET: planted('secret-that-is-long-enough'),
  RUNWATCH_SECRET_PREVIOUS: planted('previous-that-is-long-enough'),
};
const policy = `
url: https://runwatch.contoso.example
workspaces: {T2: SLACK_SECOND}
audit: {webhook: "https://log.contoso.example/in?sig=${planted('audit')}"}
escalation:
  url: https://hooks.contoso.example/services/${planted('escalation-path')}
  routingKey: ${planted('routing')}
  webhook:
    url: https://user:${planted('webhook-user')}@tickets.contoso.example/x?code=${planted('webhook-query')}
    headers: {authorization: "Basic ${planted('header')}", x-api-key: ${planted('api-key')}}
    body: {token: ${planted('body')}, text: "{{title}}"}
`;
const all = [...JSON.stringify([env, policy]).matchAll(/(xoxb-|xapp-)?planted-[a-z-]+-4f9a1c/g)].map(
  ([secret]) => secret,
);

test('`runwatch config` prints none of the secrets that a configuration can hold', () => {
  const config = loadConfig({ ...env, RUNWATCH_CONFIG: 'c.yaml' }, () => policy);
  const lines: string[] = [];
  printConfig(config, { out: (line: string) => lines.push(line) } as never);
  const text = lines.join('\n');
  expect(all.filter((secret) => text.includes(secret))).toEqual([]);
  expect(text).toContain('hooks.contoso.example');
  expect(text).toContain('authorization');
});

test('each secret is redacted from any text, whether plain, URL-encoded or in JSON', () => {
  const { hidden } = loadConfig({ ...env, RUNWATCH_CONFIG: 'c.yaml' }, () => policy);
  hideSecrets([...hidden, 'a "quoted" secret/+=']);
  for (const secret of all) expect(redactSecrets(`x ${secret} y`)).toBe('x [redacted] y');
  const odd = 'a "quoted" secret/+=';
  for (const text of [odd, encodeURIComponent(odd), JSON.stringify({ odd })])
    expect(redactSecrets(text)).not.toMatch(/quoted/);
  expect(redactSecrets('nothing of it')).toBe('nothing of it');
});

test('an invalid value is reported without the secrets in it', () => {
  let message = '';
  try {
    loadConfig({
      AZURE_RESOURCE_MANAGER_ENDPOINT: `http://user:${planted('arm')}@x.example/?k=${planted('arm-query')}`,
    });
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('AZURE_RESOURCE_MANAGER_ENDPOINT: got "http://x.example/"');
  expect(message).not.toContain('planted');
  expect(shownUrl(`https://hooks.slack.example/services/T1/${planted('path')}?x#y`)).toBe(
    'https://hooks.slack.example/services/T1/[redacted]',
  );
});

test('stdout and stderr of the bot are JSON lines without a secret, even if Redis refuses the password', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'runwatch-redact-'));
  const port = 20_000 + (process.pid % 20_000);
  const redis = spawn(
    'redis-server',
    ['--port', String(port), '--requirepass', 'right', '--save', '', '--dir', dir],
    { stdio: 'ignore' },
  );
  const { TEAMS_APP_ID: _, EVENT_HUB_CONNECTION_STRING: _hub, ...rest } = env;
  writeFileSync(join(dir, 'c.yaml'), policy);
  const bot = spawn(process.execPath, [cli, 'start'], {
    env: {
      PATH: process.env.PATH,
      ...rest,
      TEAMS_APP_PASSWORD: '',
      REDIS_URL: `redis://:${planted('redis')}@127.0.0.1:${port}/0`,
      RUNWATCH_CONFIG: join(dir, 'c.yaml'),
      RUNWATCH_PORT: '0',
      RUNWATCH_DATA_DIR: dir,
    },
  });
  let text = '';
  for (const stream of [bot.stdout, bot.stderr])
    stream.on('data', (data) => {
      text += data;
    });
  try {
    await until('that Redis refuses us', () => /WRONGPASS|invalid username-password/.test(text));
  } finally {
    bot.kill('SIGKILL');
    redis.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
  expect(all.filter((secret) => text.includes(secret))).toEqual([]);
  const lines = text.split('\n').slice(0, -1);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
}, 40_000);

test('errors of the command line contain no secret either', () => {
  let message = '';
  try {
    execFileSync(process.execPath, [cli, 'config'], {
      env: { PATH: process.env.PATH, ...env, RUNWATCH_POLL_SECONDS: '0' },
      stdio: 'pipe',
    });
  } catch (error) {
    message = String((error as { stderr: Buffer }).stderr);
  }
  expect(message).toContain('RUNWATCH_POLL_SECONDS');
  expect(message).not.toContain('planted');
});

test('a token of another workspace is hidden also while Slack is not configured', () => {
  const { hidden } = loadConfig(
    { RUNWATCH_CONFIG: 'c.yaml', SLACK_SECOND: 'xoxb-planted-alone-4f9a1c' },
    () => 'workspaces: {T2: SLACK_SECOND}',
  );
  expect(hidden).toContain('xoxb-planted-alone-4f9a1c');
});
