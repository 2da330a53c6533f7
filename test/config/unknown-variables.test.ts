import { surfaceDefinitions } from '../../src/chat/surfaces';
import { unknownVariables } from '../../src/config/unknown-variables';

const warningsOf = (env: Record<string, string>, named: string[] = []) =>
  unknownVariables(env, surfaceDefinitions(), named);

test.each([
  ['RUNWATCH_POL_SECONDS', 'RUNWATCH_POLL_SECONDS'],
  ['RUNWATCH_RESPONDER', 'RUNWATCH_RESPONDERS'],
  ['RUNWATCH_SECRETS_FILE', 'RUNWATCH_SECRET_FILE'],
  ['SLACK_BOT_TOKN', 'SLACK_BOT_TOKEN'],
  ['SLACK_CHANNELS', 'SLACK_CHANNEL'],
  ['TEAMS_PASSWORD', 'TEAMS_APP_PASSWORD'],
  ['EVENT_HUB_NAMESPACES', 'EVENT_HUB_NAMESPACE'],
  ['LOG_ANALYTICS_WORKSPACE', 'LOG_ANALYTICS_WORKSPACE_ID'],
])('%s is warned of: %s is the nearest', (name, nearest) => {
  expect(warningsOf({ [name]: 'hunter2' })).toEqual([
    `${name}: unknown, so it has no effect; did you mean ${nearest}?`,
  ]);
});

test('a name that is near to none is warned of without a guess', () => {
  expect(warningsOf({ RUNWATCH_FAVOURITE_COLOUR: 'red' })).toEqual([
    'RUNWATCH_FAVOURITE_COLOUR: unknown, so it has no effect; https://github.com/runwatch/runwatch/blob/main/docs/configuration.md lists every variable',
  ]);
});

test('known names, their files, names in RUNWATCH_CONFIG and those of others are not', () => {
  const env = {
    RUNWATCH_PORT: '3000',
    RUNWATCH_SECRET_FILE: '/run/secrets/secret',
    SLACK_TOKEN_OF_EMEA: 'xoxb-1',
    SLACK_TOKEN_OF_APAC_FILE: '/run/secrets/apac',
    RUNWATCHER: '1',
    AZURE_CLIENT_SECRET: 'x',
    PATH: '/bin',
    RUNWATCH_REDIS_SERVICE_HOST: '10.0.0.1',
    RUNWATCH_REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
    RUNWATCH_REDIS_PORT: 'tcp://10.0.0.1:6379',
  };
  expect(warningsOf(env, ['SLACK_TOKEN_OF_EMEA', 'SLACK_TOKEN_OF_APAC'])).toEqual([]);
});
