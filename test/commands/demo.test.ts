import { demoConfig } from '../../src/commands/demo-app';
import { loadConfig } from '../../src/load-config';

/** An .env for a real tenant, sourced into the shell that starts the demo. */
const real = {
  REDIS_URL: 'rediss://:password@redis.contoso.example:6380',
  RUNWATCH_SECRET: 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP',
  RUNWATCH_DATA_DIR: '/var/lib/runwatch',
  RUNWATCH_HOST: '0.0.0.0',
  RUNWATCH_RESPONDERS: 'U0KIM0000',
  RUNWATCH_CONFIG: '/etc/runwatch.yaml',
  RUNWATCH_POLL_SECONDS: '60',
  RUNWATCH_CONSOLE_TOKEN: 'a-console-token-of-ours-7Fq',
  SLACK_BOT_TOKEN: 'xoxb-1',
  SLACK_SIGNING_SECRET: 's'.repeat(32),
  SLACK_CHANNEL: 'C0SOC0000',
  TEAMS_APP_ID: '00000000-0000-4000-8000-000000000001',
  TEAMS_APP_PASSWORD: 'password',
  TEAMS_TENANT_ID: '00000000-0000-4000-8000-000000000002',
  EVENT_HUB_CONNECTION_STRING:
    'Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b;EntityPath=c',
  LOG_ANALYTICS_WORKSPACE_ID: '00000000-0000-4000-8000-000000000003',
  AZURE_SUBSCRIPTION_IDS: '00000000-0000-4000-8000-000000000004',
};

test('the demo reads only the port and the log level from the environment', () => {
  const plain = demoConfig({}, 'https://127.0.0.1:1', 'token', './data/demo');
  expect(demoConfig(real, 'https://127.0.0.1:1', 'token', './data/demo')).toEqual(plain);
  expect(plain).toMatchObject({
    redisUrl: null,
    surfaces: {},
    eventHub: null,
    dataDir: './data/demo',
  });
  const changed = { ...real, RUNWATCH_PORT: '3999', RUNWATCH_LOG_LEVEL: 'debug' };
  expect(demoConfig(changed, 'https://127.0.0.1:1', 'token', './data/demo')).toEqual({
    ...plain,
    port: 3999,
    logLevel: 'debug',
    publicUrl: 'http://127.0.0.1:3999',
    signIn: expect.objectContaining({ redirectUri: 'http://127.0.0.1:3999/console/callback' }),
  });
});

test('a real bot would use the same environment', () => {
  const { RUNWATCH_CONFIG: _, ...rest } = real;
  expect(loadConfig(rest)).toMatchObject({ redisUrl: real.REDIS_URL, host: '0.0.0.0' });
});
