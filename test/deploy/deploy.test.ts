import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { azureRoles } from '../../src/commands/manifest';
import { allVariables } from '../../src/config/variables';

const folder = join(__dirname, '../../deploy/azure');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

const parse = (input: string): { holds: boolean; declared: string[] } =>
  JSON.parse(
    execFileSync(process.execPath, [join(__dirname, 'parse-bicep.cjs')], { input, encoding: 'utf8' }),
  );

test.each(['main.bicep', 'roles.bicep'])('%s is valid Bicep and uses everything it declares', (file) => {
  const { holds, declared } = parse(read(file));
  expect(holds).toBe(true);
  const words = read(file).match(/\w+/g) ?? [];
  const last = ['app', 'watcher', 'watches', 'responds'];
  const unused = declared.filter(
    (name) => !last.includes(name) && words.filter((word) => word === name).length < 2,
  );
  expect(unused).toEqual([]);
  for (const type of read(file).match(/'Microsoft\.[^']+@[^']+'/g) ?? [])
    expect(type).toMatch(/^'Microsoft\.\w+\/[\w/]+@20\d\d-\d\d-\d\d'$/);
});

test('a Bicep syntax error is detected', () => {
  expect(parse("resource x 'A/b@2024-01-01' = {\n  name: \n").holds).toBe(false);
});

test('main.bicep keeps secrets in the vault and sets only known variables', () => {
  const text = read('main.bicep');
  const known = new Set([
    ...Object.keys(allVariables(surfaceDefinitions()).schemas),
    'AZURE_CLIENT_ID',
    'AZURE_TENANT_ID',
  ]);
  const set = [...text.matchAll(/\{ name: '([A-Z_]+)', (value|secretRef)/g)];
  expect(set.map(([, name]) => name).filter((name) => !known.has(name ?? ''))).toEqual([]);
  const secret = set.filter(([, , how]) => how === 'secretRef').map(([, name]) => name);
  expect(secret).toEqual([
    ...['REDIS_URL', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'RUNWATCH_CONSOLE_TOKEN', 'RUNWATCH_SECRET'],
  ]);
  for (const [, value] of text.matchAll(/keyVaultUrl: (\w+)/g)) expect(text).toContain(`resource ${value} `);
  expect(text).toMatch(/evictionPolicy: 'NoEviction'/);
  expect(text).toMatch(/aofEnabled: true/);
});

test('roles.json matches what `runwatch manifest azure-role` prints', () => {
  const { watcher, responder } = azureRoles('any');
  expect(JSON.parse(read('roles.json'))).toEqual(
    [watcher, responder].map(({ Name, Description, Actions }) => ({
      name: Name,
      description: Description,
      actions: Actions,
    })),
  );
});
