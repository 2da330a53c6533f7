import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { commandsOf, pages } from '../support/docs';

const root = join(__dirname, '../..');

const isIgnored = (path: string) =>
  spawnSync('git', ['check-ignore', '-q', path], { cwd: root }).status === 0;

test.each(pages)('%s: a variable that the reader must set fails early if it is unset', (page) => {
  const script = commandsOf(page);
  const assigned = new Set(
    [...script.matchAll(/^(\w+)=(?!.*\$\{?\1\b)|\bfor (\w+) in /gm)].map(([, a, b]) => a ?? b),
  );
  const used = [...script.matchAll(/\$(?:\{(\w+)([^}]*)\}|(\w+))/g)];
  const unchecked = used
    .filter(([, , , plain]) => !/^\d$/.test(plain ?? ''))
    .filter(([, braced, rest, plain]) => !assigned.has(braced ?? plain) && !rest?.startsWith(':?'))
    .map(([whole]) => whole);
  expect(unchecked).toEqual([]);
});

test('git ignores the files that documented commands write tokens and secrets to', () => {
  const written = pages.flatMap((page) =>
    [...commandsOf(page).matchAll(/^.*(?:token|secret|SECRET|TOKEN|<<END).* >>? ?(\S+)/gm)].map(
      ([, path]) => path,
    ),
  );
  expect(written.length).toBeGreaterThan(2);
  expect([...written, '.env', 'data/secret'].filter((path) => !isIgnored(path ?? ''))).toEqual([]);
});
