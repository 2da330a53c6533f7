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

test('messages name only files that the installed package has', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !generators.test(file),
  );
  const paths = [...sources.map((file) => `src/${file}`), '.env.example'].flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...(file.endsWith('.ts') ? withoutComments(text) : text).matchAll(named)].map(
      ([, path]) => path ?? '',
    );
  });
  expect(paths).toContain('.env.example');
  expect(paths.filter((path) => !shipped.has(path))).toEqual([]);
});

test('the package has no images and no tests', () => {
  expect([...shipped].filter((path) => /^docs\/.*(?<!\.md)$|^test\//.test(path))).toEqual([]);
});
