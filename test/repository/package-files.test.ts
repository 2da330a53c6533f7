import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const [{ files }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
) as [{ files: { path: string }[] }];
const shipped = new Set(files.map(({ path }) => path));

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
const named = /(?<![\w/@.-])(\.env\.example|(?:docs|deploy|schema|scripts)\/[\w/.-]+\.\w+|[A-Z]{4,}\.md)\b/g;
/** What generates the repository's own pages is no message. */
const generators = /(configuration-docs|action-docs|detection-docs)\.ts$/;

test('messages name a page by its public address, since the image has no files to read', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !generators.test(file),
  );
  const texts = sources.map((file) => withoutComments(readFileSync(join(root, 'src', file), 'utf8')));
  const local = texts.flatMap((text) => text.replaceAll(/https:\/\/[^\s'`]+/g, '').match(named) ?? []);
  expect(local).toEqual([]);
  const pages = texts.flatMap((text) => [
    ...text.matchAll(/docsUrl\(['`]([\w-]+\.md)|runwatch\/blob\/main\/docs\/([\w-]+\.md)/g),
  ]);
  expect(pages.length).toBeGreaterThan(3);
  for (const [, page, named] of pages) expect([...shipped]).toContain(`docs/${page ?? named}`);
});

test('.env.example names only files that come with it', () => {
  const paths = readFileSync(join(root, '.env.example'), 'utf8').match(named) ?? [];
  expect(paths.length).toBeGreaterThan(1);
  expect(paths.filter((path) => !shipped.has(path))).toEqual([]);
});

test('the package has no images and no tests', () => {
  expect([...shipped].filter((path) => /^docs\/.*(?<!\.md)$|^test\//.test(path))).toEqual([]);
});
