import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiDocument, apiRoutes, exampleOpenIdUrl } from '../../src/api/api';

const root = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('schema/openapi.json and the types of the client match the routes', () => {
  expect(JSON.parse(read('schema/openapi.json'))).toEqual(
    JSON.parse(JSON.stringify(apiDocument(exampleOpenIdUrl))),
  );
  const before = read('test/support/api-types.ts');
  execFileSync(process.execPath, [join(root, 'scripts/api-types.mjs')]);
  expect(read('test/support/api-types.ts')).toBe(before);
});

test.each([
  ['with an issuer', exampleOpenIdUrl],
  ['with the console token only', null],
])('the document %s passes the linter without warnings', (_, openIdUrl) => {
  const input = JSON.stringify(apiDocument(openIdUrl));
  const told = execFileSync(process.execPath, [join(root, 'test/support/lint-openapi.mjs')], { input });
  expect(told.toString()).toBe('');
});

test('what changes something needs the scope to act and an idempotency key', () => {
  const acting = apiRoutes.filter(({ method, path }) => method !== 'get' && !path.endsWith('/dry-run'));
  expect(acting.length).toBeGreaterThan(0);
  for (const { scope, isIdempotent } of acting) expect([scope, isIdempotent]).toEqual(['Alerts.Act', true]);
});
