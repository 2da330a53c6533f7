import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { azureRoles } from '../../src/commands/manifest';
import { allVariables } from '../../src/config/variables';
import { parseBicep as parse } from '../support/bicep';

const folder = join(__dirname, '../../deploy/azure');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const main = read('main.bicep');

/** Resources and modules that nothing else in their file refers to. */
const last = ['app', 'receives', 'pulls', 'reads', 'watches', 'responds', 'names'];
const files = readdirSync(folder).filter((file) => file.endsWith('.bicep'));

test.each(files)('%s is valid Bicep and uses everything it declares', (file) => {
  const { holds, declared } = parse(read(file));
  expect(holds).toBe(true);
  const words = read(file).match(/\w+/g) ?? [];
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

test('each module is given the parameters that it declares', () => {
  for (const [, file = '', block = ''] of main.matchAll(/^module \w+ '(.+?)' = [^\n]*\{\n(.*?)^\}/gms)) {
    const given = [...block.matchAll(/^ {4}(\w+):/gm)].map(([, name]) => name).sort();
    const declared = [...read(file).matchAll(/^param (\w+)/gm)].map(([, name]) => name).sort();
    expect({ file, given }).toEqual({ file, given: declared });
  }
});

const { schemas, secrets } = allVariables(surfaceDefinitions());
/** The variables that main.bicep sets, and how. */
const fromVault = [
  ...main.matchAll(/variable: '([A-Z_]+)'/g),
  ...main.matchAll(/'([A-Z_]+)', secretRef/g),
].map(([, name]) => name as string);
const plain = [...main.matchAll(/^ {2}([A-Z_]+): /gm), ...main.matchAll(/\{ name: '([A-Z_]+)', value:/g)].map(
  ([, name]) => name as string,
);

test('main.bicep has a parameter for every setting, and keeps secrets in the vault', () => {
  const notHere = [
    // Managed identities, Azure's own endpoints and the managed Redis take the place of these.
    ...[
      'AZURE_ACCESS_TOKEN',
      'AZURE_RESOURCE_MANAGER_ENDPOINT',
      'EVENT_HUB_CONNECTION_STRING',
      'RUNWATCH_DATA_DIR',
    ],
    ...['RUNWATCH_FETCH_TENANT_ID', 'RUNWATCH_FETCH_CLIENT_SECRET'],
    // Fixed by the template, or for tests; moreVariables sets them too.
    ...['RUNWATCH_PORT', 'RUNWATCH_METRICS_PORT', 'SLACK_API_URL', 'RUNWATCH_SLACK_RATE', 'TEAMS_LOCAL'],
  ];
  const identity = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID'];
  expect([...fromVault, ...plain, ...notHere].sort()).toEqual([...Object.keys(schemas), ...identity].sort());
  expect(fromVault.filter((name) => !secrets.has(name))).toEqual([]);
  expect(plain.filter((name) => secrets.has(name))).toEqual([]);
  expect(main).toMatch(/evictionPolicy: 'NoEviction'/);
  expect(main).toMatch(/aofEnabled: true/);
});

test('a deployment that is repeated drops no secret and no responder', () => {
  for (const [, name] of main.matchAll(/@secure\(\)\nparam (\w+) string(?! = ''\n)/g))
    throw new Error(`${name} must be given again`);
  expect(main).toMatch(/for secret in secrets: if \(!empty\(secret\.value\)\)/);
  const given = read('runwatch.bicepparam');
  // The grammar is that of templates, where a value without a type is a variable.
  const { holds, declared } = parse(given.replace(/^using .*$/m, '').replace(/^param /gm, 'var '));
  expect(holds).toBe(true);
  expect(given).toMatch(/^using 'main\.bicep'$/m);
  expect(parse(main).declared).toEqual(expect.arrayContaining(declared));
  expect(declared).toEqual(expect.arrayContaining(['responders', 'mayRespond', 'runwatchSecret']));
});

test('roles have names of their own in the tenant, for each deployment', () => {
  for (const file of ['roles.bicep', 'workspace.bicep'])
    expect(read(file)).toMatch(/roleName: '\$\{role\.name\} \(\$\{name\}, \$\{.+\}\)'/);
});

test('without an ingress there is none, and private endpoints close the public ones', () => {
  expect(main).toMatch(/^param ingress string = 'none'$/m);
  expect(main).toMatch(/ingress: ingress == 'none' \? null : \{/);
  expect(main.match(/publicNetworkAccess: privateEndpoints \? 'Disabled' : 'Enabled'/g)).toHaveLength(2);
});

test('the JSON of the roles matches what `runwatch manifest azure-role` prints', () => {
  const { watcher, responder, 'log-reader': logReader } = azureRoles('any');
  const [first, second, third] = [watcher, responder, logReader].map(({ Name, Description, Actions }) => ({
    name: Name,
    description: Description,
    actions: Actions,
  }));
  expect(JSON.parse(read('roles.json'))).toEqual([first, second]);
  expect(JSON.parse(read('log-reader.json'))).toEqual(third);
});
