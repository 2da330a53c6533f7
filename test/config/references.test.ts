import { surfaceDefinitions } from '../../src/chat/surfaces';
import { printConfig } from '../../src/commands/print-config';
import { ConfigError, readConfig } from '../../src/config/config';

const load = (yaml: string, env: Record<string, string> = {}, files: Record<string, string> = {}) =>
  readConfig({ ...env, RUNWATCH_CONFIG: 'c.yaml' }, surfaceDefinitions(), (path) => {
    const content = path === 'c.yaml' ? yaml : files[path];
    if (content === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return content;
  });
const faultsOf = (...given: Parameters<typeof load>): string[] => {
  try {
    load(...given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

const escalation = `escalation:
  routingKey: \${PAGERDUTY_KEY}
  webhook:
    url: https://tickets.contoso.example/\${TICKET_PATH}
    headers: {Authorization: "Bearer \${TICKET_TOKEN_FILE}"}
    body: {text: "{{title}}", nested: [{secret: "\${PAGERDUTY_KEY}-\${PAGERDUTY_KEY}"}]}
`;
const env = {
  PAGERDUTY_KEY: 'hunter2-key',
  TICKET_PATH_FILE: '/run/secrets/path',
  TICKET_TOKEN_FILE: '/run/secrets/token',
};
const files = { '/run/secrets/path': 'hunter2-path\n', '/run/secrets/token': 'hunter2-token\n' };

test('texts refer to variables and files by name', () => {
  expect(load(escalation, env, files).policy.escalation).toEqual({
    routingKey: 'hunter2-key',
    webhook: {
      url: 'https://tickets.contoso.example/hunter2-path',
      headers: { Authorization: 'Bearer hunter2-token' },
      body: { text: '{{title}}', nested: [{ secret: 'hunter2-key-hunter2-key' }] },
    },
  });
});

test('what a reference gives is a secret wherever it stands, and runwatch config does not print it', () => {
  const config = load(`${escalation}watchlist: {callers: ["\${PAGERDUTY_KEY}"]}\n`, env, files);
  expect(config.hidden).toEqual(expect.arrayContaining(['hunter2-key', 'hunter2-path', 'hunter2-token']));
  const lines: string[] = [];
  const out = (line: string) => lines.push(line);
  printConfig(config, { out, err: out, interactive: false, color: false });
  expect(lines.join('\n')).toContain('callers:');
  expect(lines.join('\n')).not.toContain('hunter2');
});

test.each<[text: string, env: Record<string, string>, says: string]>([
  [
    `\${PAGERDUTY_KEY}`,
    {},
    `\${PAGERDUTY_KEY} is unset, expected a value, or a file with it in PAGERDUTY_KEY_FILE`,
  ],
  [`\${PAGERDUTY_KEY}`, { PAGERDUTY_KEY: ' ' }, `\${PAGERDUTY_KEY} is unset`],
  [`\${PAGERDUTY_KEY}`, { PAGERDUTY_KEY_FILE: '/none' }, 'PAGERDUTY_KEY_FILE: could not read /none (ENOENT)'],
  [`\${KEY_FILE}`, { KEY: 'hunter2-key' }, `\${KEY_FILE} is unset, expected the path of a file`],
  [`\${KEY_FILE}`, { KEY_FILE: '/none' }, 'KEY_FILE: could not read /none (ENOENT)'],
  [
    `\${key}`,
    { key: 'hunter2-key' },
    `got \${key}, expected \${NAME} with the name of a variable in capitals`,
  ],
  [`\${}`, {}, `got \${}, expected \${NAME}`],
  [`\${KEY`, { KEY: 'hunter2-key' }, `got \${KEY, expected \${NAME}`],
  [`\${KEY}`, { KEY: 'abc' }, `\${KEY} has 3 characters, expected 6 to 16384`],
  [`\${KEY}`, { KEY: 'a'.repeat(16_385) }, `\${KEY} has 16385 characters, expected 6 to 16384`],
  [`\${KEY}`.repeat(101), { KEY: 'hunter2-key' }, 'expected at most 100 references in the file'],
])('a bad reference is refused (case %#)', (text, given, says) => {
  const faults = faultsOf(`escalation: {routingKey: "${text}"}\n`, given);
  expect(faults).toEqual([expect.stringMatching(/^RUNWATCH_CONFIG: c\.yaml: escalation\.routingKey: /)]);
  expect(faults[0]).toContain(says);
});

test('a fault in the file does not print what a reference gave', () => {
  const routes = `routes: [{when: {severity: "\${KEY}"}, slack: C0SOC0000}]\n`;
  const faults = faultsOf(routes, { KEY: 'hunter2-key' });
  expect(faults).toEqual([expect.stringContaining('severity: got "(not shown)"')]);
});

test('values are not read for references, and keys stay as they are', () => {
  const body = `escalation: {webhook: {url: "https://t.contoso.example", body: {"\${KEY}": "\${KEY}"}}}\n`;
  const read = load(body, { KEY: `a\${OTHER}b` }).policy.escalation?.webhook?.body;
  expect(JSON.stringify(read)).toBe(`{"\${KEY}":"a\${OTHER}b"}`);
});

test('a file that contains itself is refused', () => {
  expect(faultsOf('escalation: {webhook: {url: "https://t.contoso.example", body: &a {b: *a}}}\n')).toEqual([
    expect.stringContaining('RUNWATCH_CONFIG: '),
  ]);
});
