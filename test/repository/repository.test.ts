import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const workflows = readdirSync(join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);

const parserErrors = (paths: readonly string[]): string[] =>
  JSON.parse(
    execFileSync(process.execPath, [join(root, 'test/support/parse-workflows.mjs'), ...paths], {
      cwd: root,
      encoding: 'utf8',
    }),
  );

test("GitHub's own parser accepts every workflow, and refuses broken ones", () => {
  expect(parserErrors(workflows)).toEqual([]);
  expect(parserErrors(['test/fixtures/broken-workflow.yml'])).toEqual([
    expect.stringContaining('runs-onn'),
    expect.stringContaining('githubb'),
    expect.stringContaining('runs-on'),
  ]);
});

test.each(workflows)('%s pins each action to a commit and asks for no right it does not need', (path) => {
  const uses = [...read(path).matchAll(/uses: (.+)/g)].map(([, action]) => action);
  expect(uses.filter((action) => !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action ?? ''))).toEqual([]);
  expect(parse(read(path)).permissions).toEqual({ contents: 'read' });
  expect(read(path)).not.toMatch(/pull_request_target|run: .*\$\{\{/);
});

test('CI on GitHub is .ci/run, on the Node that the image has and on the oldest one', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml'));
  expect(jobs.all.steps.at(-1).run).toBe('.ci/run');
  const node = read('.nvmrc').trim();
  expect(jobs.test.strategy.matrix.node).toEqual([22, Number(node)]);
  expect(read('Dockerfile').match(/^FROM node:(\d+)/gm)).toEqual([`FROM node:${node}`]);
  expect(JSON.parse(read('package.json')).engines.node).toBe('>=22.15');
});

test('issue forms and Dependabot have what GitHub requires', () => {
  for (const name of ['bug', 'detection', 'feature']) {
    const form = parse(read(`.github/ISSUE_TEMPLATE/${name}.yml`));
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    for (const { type, id, attributes } of form.body)
      expect({ type, named: type === 'markdown' || Boolean(id && attributes.label) }).toEqual({
        type,
        named: true,
      });
  }
  const { version, updates } = parse(read('.github/dependabot.yml'));
  expect(version).toBe(2);
  expect(updates.map((update: Record<string, unknown>) => update['package-ecosystem'])).toEqual([
    'npm',
    'docker',
    'docker-compose',
    'github-actions',
  ]);
});

describe('CHANGELOG.md', () => {
  test('follows Keep a Changelog', () => {
    const headings = read('CHANGELOG.md').match(/^##? .*|^### .*/gm) ?? [];
    expect(headings[1]).toBe('## [Unreleased]');
    const odd = headings
      .slice(1)
      .filter(
        (heading) =>
          !/^## \[(Unreleased|\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$)/.test(heading) &&
          !/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/.test(heading),
      );
    expect(odd).toEqual([]);
  });

  const notes = (tag: string) =>
    execFileSync(process.execPath, ['scripts/release-notes.mjs', tag], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });

  test('has the notes of the version in package.json', () => {
    const { version } = JSON.parse(read('package.json'));
    expect(notes(`v${version}`)).toMatch(/^### Added\n/);
    expect(() => notes('v9.9.9')).toThrow(/package\.json has version/);
  });
});

test('package.json names where the project lives, and its files exist', () => {
  const { repository, bugs, homepage, keywords, packageManager } = JSON.parse(read('package.json'));
  expect(repository.url).toMatch(/^git\+https:\/\/github\.com\/.+\.git$/);
  expect(bugs.url).toMatch(/\/issues$/);
  expect(homepage).toMatch(/^https:/);
  expect(keywords.length).toBeGreaterThan(3);
  expect(packageManager).toMatch(/^npm@\d+\.\d+\.\d+$/);
  for (const file of ['.editorconfig', '.gitattributes', '.github/CODEOWNERS', 'CODE_OF_CONDUCT.md'])
    expect({ file, there: existsSync(join(root, file)) }).toEqual({ file, there: true });
});
