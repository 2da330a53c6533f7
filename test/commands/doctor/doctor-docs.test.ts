import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/doctor.md'), 'utf8');

/** The sections of checks, each with its address as GitHub makes it. */
const sections = page
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const [title = ''] = text.split('\n');
    const topic = title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    return { topic, text: text.replace(/^## [\s\S]*/m, '') };
  });

/** Every topic that a check has, from the literals in its source: the type requires one. */
const topics = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /(^|\/)doctor(\/|-)[\w-]+\.ts$/.test(file))
  .flatMap((file) => {
    const source = readFileSync(join(root, 'src', file), 'utf8');
    const values = [...source.matchAll(/\btopic: ([^\n]+?),?(?: ok: | optional: | \}|\n)/g)];
    return values.flatMap(([, value = '']) => [...value.matchAll(/'([\w-]+)'/g)].map(([, name]) => name));
  });

test('docs/doctor.md has a section for every check, and no other', () => {
  expect(topics.length).toBeGreaterThan(25);
  expect(sections.map(({ topic }) => topic).sort()).toEqual([...new Set(topics)].sort());
});

test.each(sections)('$topic: what it means, why it matters, how to fix and verify it', ({ text }) => {
  expect(text).toMatch(/^- \*\*Means\*\*: /m);
  expect(text).toMatch(/^- \*\*Matters\*\*: /m);
  expect(text).toMatch(/^- \*\*Fix\*\*: /m);
  expect(text).toMatch(/^- \*\*Verify\*\*: /m);
});

test('names of checks that are printed are on the page', () => {
  for (const name of ['reach ADDRESS', 'azure credential', 'activity log of ID', 'redis owner'])
    expect(page).toContain(`\`${name}\``);
});
