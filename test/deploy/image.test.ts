import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructionsOf } from '../support/dockerfile';

const root = join(__dirname, '../..');
const instructions = instructionsOf(join(root, 'Dockerfile'));
const rest = (keyword: string) =>
  instructions.filter((one) => one.keyword === keyword).map((one) => one.rest);

test('every base image is pinned by digest', () => {
  expect(rest('FROM').length).toBe(2);
  for (const from of rest('FROM')) expect(from).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}( AS \w+)?$/);
});

test('the context is a list of what is needed, and holds no secrets', () => {
  const [first, ...patterns] = readFileSync(join(root, '.dockerignore'), 'utf8').trim().split('\n');
  expect(first).toBe('*');
  const kept = patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const copied = rest('COPY')
    .filter((line) => !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(0, -1));
  for (const path of copied)
    expect(kept.some((folder) => path === folder || path.startsWith(`${folder}/`))).toBe(true);
  for (const folder of kept)
    expect(copied.some((path) => path === folder || path.startsWith(`${folder}/`))).toBe(true);
  for (const pattern of ['**/.env*', '**/*.pem', '**/*.key']) expect(patterns).toContain(pattern);
});
