import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withActionTable } from '../../src/action-docs';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import type { ConfigError } from '../../src/config/config';
import { configurationDoc } from '../../src/config/configuration-docs';
import { applyLocale } from '../../src/config/locale';
import { withDetectionTable } from '../../src/detection-docs';
import { dayText } from '../../src/domain/text/translate';
import { loadConfig } from '../../src/load-config';

const faultsOf = (env: Record<string, string>, files: Record<string, string> = {}) => {
  try {
    loadConfig(env, (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
      return content;
    });
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
};

test('an empty environment is a complete configuration', () => {
  expect(loadConfig({})).toMatchObject({
    pollSeconds: 60,
    lookbackMinutes: 25,
    keepDays: 400,
    port: 3000,
    host: '127.0.0.1',
    surfaces: {},
    redisUrl: null,
  });
});

test('all errors are reported together, each with the value and what was expected', () => {
  const faults = faultsOf({
    RUNWATCH_POLL_SECONDS: '0',
    RUNWATCH_KEEP_DAYS: '3651',
    AZURE_CLOUD: 'mars',
    AZURE_RESOURCE_MANAGER_ENDPOINT: 'http://x',
    SLACK_BOT_TOKEN: 'hunter2',
  });
  expect(faults).toHaveLength(5);
  expect(faults.join('\n')).toMatch(/RUNWATCH_POLL_SECONDS: got "0", expected a whole number from 1 to 3600/);
  expect(faults.join('\n')).toMatch(/RUNWATCH_KEEP_DAYS: got "3651", expected a whole number from 1 to 3650/);
  expect(faults.join('\n')).toMatch(/AZURE_CLOUD: got "mars", expected public, usgovernment or china/);
  expect(faults.join('\n')).not.toContain('hunter2');
});

test('a secret can be read from a file', () => {
  const config = loadConfig({ AZURE_ACCESS_TOKEN_FILE: '/run/secrets/token' }, () => 'abc\n');
  expect(config.azure.accessToken).toBe('abc');
  expect(faultsOf({ REDIS_URL_FILE: '/nowhere' })[0]).toMatch(
    /REDIS_URL_FILE: could not read \/nowhere \(ENOENT\)/,
  );
});

test('the YAML file is checked too', () => {
  const faults = faultsOf(
    { RUNWATCH_CONFIG: 'c.yaml' },
    { 'c.yaml': 'detections: {serial-console: maybe}\ncolour: red\n' },
  );
  expect(faults.join('\n')).toMatch(/detections.serial-console/);
  expect(faults.join('\n')).toMatch(/unknown: colour/);
});

test('a detection can be turned off, and responders can be limited to subscriptions', () => {
  const yaml =
    'detections: {serial-console: off}\nresponders:\n  - {who: [U1], may: [isolate], subscriptions: [ABC]}\n';
  const config = loadConfig({ RUNWATCH_CONFIG: 'c', RUNWATCH_RESPONDERS: 'sam@contoso.example' }, () => yaml);
  expect(config.detections).toEqual({ 'serial-console': false });
  expect(config.responders).toEqual([
    { who: ['sam@contoso.example'], may: 'all', subscriptions: null },
    { who: ['U1'], may: ['isolate'], subscriptions: ['abc'] },
  ]);
});

test.each([
  [
    'severity: urgent',
    'routes.0.when.severity: got "urgent", expected one or more of low, medium, high, critical',
  ],
  ['severity: [high, urgent]', 'routes.0.when.severity: got ["high","urgent"], expected one or more of'],
  [
    'technique: run-comand',
    'routes.0.when.technique: run-comand: unknown technique; `runwatch detections list`',
  ],
  ['technique: [run-command, nope]', 'routes.0.when.technique: nope: unknown technique'],
  ['hours: {zone: Europe/Berln}', 'routes.0.when.hours.zone: an IANA time zone such as Europe/Berlin'],
  ['hours: {days: someday}', 'routes.0.when.hours.days: days such as mon-fri or sat,sun'],
  ['hours: {from: "25:00"}', 'routes.0.when.hours.from: a time such as "01:00"'],
  ['managementgroup: mg', 'routes.0.when: unknown: managementgroup'],
])('a route with %s is refused', (when, says) => {
  const faults = faultsOf(
    { RUNWATCH_CONFIG: 'c.yaml' },
    { 'c.yaml': `routes: [{when: {${when}}, slack: C0SOC0000}]` },
  );
  expect(faults).toEqual([expect.stringContaining(says)]);
});

test.each([
  ['http://x.ingest.monitor.azure.com', 'sentinel.endpoint'],
  ['https://x.ingest.monitor.azure.com.example', 'sentinel.endpoint'],
  ['https://monitor.azure.com', 'sentinel.endpoint'],
  ['https://x.westeurope-1.ingest.monitor.azure.com/', null],
  ['https://x.ingest.monitor.azure.us', null],
])('rows for Sentinel, and a token, go to Azure only: %s', (endpoint, fault) => {
  const settings = { endpoint, rule: `dcr-${'0a'.repeat(16)}` };
  const given = { '/c.yaml': JSON.stringify({ sentinel: settings }) };
  const faults = faultsOf({ RUNWATCH_CONFIG: '/c.yaml' }, given).join();
  if (fault) return expect(faults).toContain(fault);
  const { policy } = loadConfig({ RUNWATCH_CONFIG: '/c.yaml' }, () => given['/c.yaml']);
  expect(policy.sentinel).toEqual({ ...settings, endpoint: endpoint.replace(/\/$/, '') });
});

test('a route may name techniques by id, by pattern, and those of the same file', () => {
  const config = `routes:
  - when: {technique: [run-command, "vm-*", patching], managementGroup: mg-production, resourceGroup: rg-*}
    slack: C0SOC0000
techniques:
  - id: patching
    title: Patching
    verb: patched
    score: 40
    operations: [Microsoft.Compute/virtualMachines/installPatches/action]
    examples:
      match: [Microsoft.Compute/virtualMachines/installPatches/action]
      noMatch: [Microsoft.Compute/virtualMachines/read]
`;
  expect(faultsOf({ RUNWATCH_CONFIG: 'c.yaml' }, { 'c.yaml': config })).toEqual([]);
});

test('targets are durations, read as minutes', () => {
  const yaml =
    'sla: {critical: {acknowledge: 90s, contain: 30m, close: 8h}, high: {acknowledge: 15, close: 1d}}\n';
  expect(loadConfig({ RUNWATCH_CONFIG: 'c' }, () => yaml).policy.sla).toEqual({
    critical: { acknowledge: 1.5, contain: 30, close: 480 },
    high: { acknowledge: 15, close: 1440 },
  });
});

test.each([
  [
    'critical: {acknowledge: soon}',
    'sla.critical.acknowledge: expected a duration such as 90s, 5m, 2h or 1d',
  ],
  ['critical: {acknowledge: "5"}', 'sla.critical.acknowledge: expected a duration such as 90s, 5m, 2h or 1d'],
  ['critical: {acknowledge: -5}', 'sla.critical.acknowledge: expected more than 0 and at most 30d'],
  ['critical: {acknowledge: 0m}', 'sla.critical.acknowledge: expected more than 0 and at most 30d'],
  ['critical: {close: 31d}', 'sla.critical.close: expected more than 0 and at most 30d'],
  ['critical: {acknowledge: 1h, close: 30m}', 'sla.critical.close: expected at least as long as acknowledge'],
  ['critical: {}', 'sla.critical: expected a target: acknowledge, contain, close'],
  ['critical: {resolve: 5m}', 'sla.critical: unknown: resolve'],
  ['urgent: {close: 5m}', 'sla'],
])('the target %s is refused', (yaml, fault) => {
  expect(faultsOf({ RUNWATCH_CONFIG: 'c' }, { c: `sla: {${yaml}}\n` }).join('\n')).toContain(fault);
});

test('TEAMS_LOCAL is rejected except on loopback', () => {
  expect(loadConfig({ TEAMS_LOCAL: '1' }).surfaces.teams).toMatchObject({ local: true });
  expect(faultsOf({ TEAMS_LOCAL: '1', RUNWATCH_HOST: '0.0.0.0' })[0]).toMatch(
    /TEAMS_LOCAL: got 1 with RUNWATCH_HOST 0\.0\.0\.0/,
  );
});

test('the Event Hubs emulator, which has no TLS, is rejected except on loopback; a key is never printed', () => {
  const open = 'SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0;UseDevelopmentEmulator=true';
  const of = (host: string) => ({ EVENT_HUB_CONNECTION_STRING: `Endpoint=sb://${host};${open}` });
  expect(loadConfig(of('127.0.0.1:5672')).eventHub?.name).toBe('insights-activity-logs');
  for (const host of ['hub.example', '127.0.0.1.hub.example', 'localhost.hub.example:5672']) {
    expect(faultsOf(of(host))[0]).toMatch(/^EVENT_HUB_CONNECTION_STRING: got a value of \d+ characters/);
    expect(faultsOf(of(host)).join()).not.toContain('c2VjcmV0');
  }
});

test('fetching scripts is off by default, and its identity is complete or refused', () => {
  const file = { RUNWATCH_CONFIG: 'f' };
  const id = '11111111-0000-4000-8000-000000000001';
  const read = (env: Record<string, string>, policy: string) =>
    loadConfig({ ...env, ...file }, () => policy).fetchScript;
  expect(loadConfig({ RUNWATCH_FETCH_CLIENT_ID: id }).fetchScript).toBeNull();
  expect(read({}, 'fetchScript: off')).toBeNull();
  expect(read({}, 'fetchScript: on')).toEqual({ identity: null });
  expect(read({ RUNWATCH_FETCH_CLIENT_ID: id }, 'fetchScript: on')).toEqual({
    identity: { clientId: id, tenantId: null, clientSecret: null },
  });
  const faults = faultsOf({ RUNWATCH_FETCH_CLIENT_SECRET: 'hidden-value' });
  expect(faults).toEqual([expect.stringMatching(/^RUNWATCH_FETCH_CLIENT_ID: unset/)]);
  expect(faultsOf({ RUNWATCH_FETCH_CLIENT_ID: id, RUNWATCH_FETCH_CLIENT_SECRET: 'hidden-value' })).toEqual([
    expect.stringMatching(/^RUNWATCH_FETCH_TENANT_ID: unset/),
  ]);
  expect(faultsOf(file, { f: 'fetchScript: {}' })).toHaveLength(1);
  const config = loadConfig({
    RUNWATCH_FETCH_CLIENT_ID: id,
    RUNWATCH_FETCH_TENANT_ID: id,
    RUNWATCH_FETCH_CLIENT_SECRET: 'hidden-value',
  });
  expect(config.hidden).toContain('hidden-value');
});

test('docs/guide.md lists every action as it is defined', () => {
  const guide = readFileSync(join(__dirname, '../../docs/guide.md'), 'utf8');
  const bare = (text: string) => text.replace(/[ -]*\|[ -]*/g, '|').replace(/[*_]/g, '');
  expect(bare(guide)).toBe(bare(withActionTable(guide)));
});

test('docs/detections.md lists every technique as it is defined', () => {
  const doc = readFileSync(join(__dirname, '../../docs/detections.md'), 'utf8');
  expect(doc).toBe(withDetectionTable(doc));
});

test('docs/configuration.md matches the schema', () => {
  const root = join(__dirname, '../..');
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  expect(read('docs/configuration.md')).toBe(configurationDoc(read('.env.example'), surfaceDefinitions()));
});

test.each(['aaaaaaaaaaaaaaaa', 'abcabcabcabcabcabc', '1212121212121212', 'short'])(
  'an easily guessed console or metrics token is rejected: %s',
  (token) => {
    expect(faultsOf({ RUNWATCH_CONSOLE_TOKEN: token })[0]).toMatch(/RUNWATCH_CONSOLE_TOKEN: .*hard to guess/);
    expect(faultsOf({ RUNWATCH_METRICS_TOKEN: token })[0]).toMatch(/RUNWATCH_METRICS_TOKEN: .*hard to guess/);
  },
);

test('commands that act need RUNWATCH_SECRET when REDIS_URL is set', () => {
  const env = { REDIS_URL: 'redis://127.0.0.1:6379' };
  expect(() => loadConfig(env, undefined, { needsSecret: true })).toThrow(/RUNWATCH_SECRET: unset/);
  expect(loadConfig(env).secrets).toBeNull();
  expect(faultsOf({ ...env, RUNWATCH_SECRET: 'too short' })[0]).toMatch(/RUNWATCH_SECRET: .*32 characters/);
});

test.each([
  ['fr-FR', 'got fr-FR, expected a tag such as en-GB, with one of these languages: en'],
  ['not a tag', 'got not a tag, expected a tag such as en-GB'],
])('locale: %s is refused', (tag, why) => {
  expect(faultsOf({ RUNWATCH_CONFIG: 'c' }, { c: `locale: ${tag}\n` })).toEqual([
    expect.stringContaining(`locale: ${why}`),
  ]);
});

test('traces need an http(s) endpoint; their headers can be a file and are hidden', () => {
  const endpoint = 'http://localhost:4318';
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  expect(loadConfig({}).tracing).toBeNull();
  expect(loadConfig(on).tracing).toEqual({ endpoint, headers: null });
  expect(loadConfig({ ...on, OTEL_SDK_DISABLED: 'TRUE' }).tracing).toBeNull();
  const { tracing, hidden } = loadConfig(
    { ...on, OTEL_EXPORTER_OTLP_HEADERS_FILE: 'headers' },
    () => 'key=a%20b',
  );
  expect(tracing).toEqual({ endpoint, headers: 'key=a%20b' });
  expect(hidden).toEqual(expect.arrayContaining(['key=a%20b', 'a%20b', 'a b', 'b']));
  expect(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' })).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT: got "localhost:4318", expected an http(s) URL',
  ]);
});

test('locale sets the format of dates', () => {
  const { policy } = loadConfig({ RUNWATCH_CONFIG: 'c' }, () => 'locale: en-GB\n');
  applyLocale(policy.locale);
  expect(dayText('2026-11-26')).toBe('26 Nov 2026');
  applyLocale();
  expect(dayText('2026-11-26')).toBe('Nov 26, 2026');
});

const signIn = {
  RUNWATCH_OIDC_ISSUER: 'https://login.microsoftonline.com/0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310/v2.0',
  RUNWATCH_OIDC_CLIENT_ID: 'an-app',
  RUNWATCH_OIDC_CLIENT_SECRET: 'hunter2-of-the-console',
  RUNWATCH_PUBLIC_URL: 'https://runwatch.contoso.example/',
};

test('sign-in needs issuer, client and public URL; its secret can be a file and is hidden', () => {
  const { RUNWATCH_OIDC_CLIENT_SECRET: secret, ...rest } = signIn;
  const config = loadConfig({ ...rest, RUNWATCH_OIDC_CLIENT_SECRET_FILE: '/secret' }, () => `${secret}\n`);
  expect(config.signIn).toEqual({
    issuer: signIn.RUNWATCH_OIDC_ISSUER,
    clientId: 'an-app',
    clientSecret: secret,
    redirectUri: 'https://runwatch.contoso.example/console/callback',
    signedOutUri: 'https://runwatch.contoso.example/console/signed-out',
    apiUri: 'https://runwatch.contoso.example/api/v1',
  });
  expect(config.hidden).toContain(secret);
  expect(loadConfig({}).signIn).toBeNull();
  expect(faultsOf({ RUNWATCH_OIDC_CLIENT_ID: 'an-app' }).map((fault) => fault.split(':')[0])).toEqual([
    'RUNWATCH_OIDC_ISSUER',
    'RUNWATCH_OIDC_CLIENT_SECRET',
    'RUNWATCH_PUBLIC_URL',
  ]);
});

test.each([
  ['http://id.contoso.example', false],
  ['https://login.microsoftonline.com/common/v2.0', false],
  ['https://login.microsoftonline.com/organizations/v2.0', false],
  ['https://user:password@id.contoso.example', false],
  ['https://id.contoso.example/?x=1', false],
  ['id.contoso.example', false],
  ['https://id.contoso.example/realms/soc', true],
  ['http://127.0.0.1:9000', true],
])('the issuer %s is accepted: %s', (issuer, isAccepted) => {
  const faults = faultsOf({ ...signIn, RUNWATCH_OIDC_ISSUER: issuer });
  expect(faults).toEqual(isAccepted ? [] : [expect.stringMatching(/^RUNWATCH_OIDC_ISSUER: got /)]);
});

test('sign-in over plain http works only on loopback', () => {
  const over = (url: string) => faultsOf({ ...signIn, RUNWATCH_PUBLIC_URL: url });
  expect(over('http://runwatch.contoso.example')).toEqual([
    expect.stringMatching(/^RUNWATCH_PUBLIC_URL: expected an https URL/),
  ]);
  expect(over('http://localhost:3000')).toEqual([]);
});

const hook = (more: string) => {
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  return `webhooks:\n  - {name: siem, url: 'https://siem.example/x', secret: '${secret}'}\n  - {${more.replace('SECRET', `secret: '${secret}'`)}}\n`;
};
test.each([
  ["name: two, url: 'https://siem.example', SECRET", ''],
  ["name: two, url: 'http://10.0.0.1', SECRET, allowPrivate: true, format: ocsf, events: [alert.closed]", ''],
  ["name: siem, url: 'https://siem.example', SECRET", 'webhooks.1.name: siem is used twice'],
  ["name: 'a:b', url: 'https://siem.example', SECRET", 'webhooks.1.name: expected a short name'],
  ["name: two, url: 'http://siem.example', SECRET", 'webhooks.1.url: expected https, or allowPrivate'],
  ["name: two, url: 'https://a:b@siem.example', SECRET", 'webhooks.1.url: expected no user or password'],
  ["name: two, url: 'https://siem.example', secret: 'whsec_c2hvcnQ='", 'webhooks.1.secret: expected whsec_'],
  [
    "name: two, url: 'https://siem.example', SECRET, format: ecs, events: [notice.posted]",
    "webhooks.1.events: ecs has alerts only, so it can't have notice.posted",
  ],
  [
    "name: two, url: 'https://siem.example', SECRET, when: {technique: none}",
    'webhooks.1.when.technique: none: unknown technique',
  ],
])('webhooks: {%s}: %p', (more, fault) => {
  const found = faultsOf({ RUNWATCH_CONFIG: 'c' }, { c: hook(more) }).join('\n');
  if (fault === '') expect(found).toBe('');
  else expect(found).toContain(fault);
  expect(found).not.toContain('AAAAAAAA');
});

test('the secrets and the URLs of webhooks are hidden', () => {
  const { hidden } = loadConfig({ RUNWATCH_CONFIG: 'c' }, () =>
    hook("name: two, url: 'https://siem.example/a-long-secret-path', SECRET"),
  );
  expect(hidden).toEqual(expect.arrayContaining([expect.stringMatching(/^whsec_/), 'a-long-secret-path']));
});
