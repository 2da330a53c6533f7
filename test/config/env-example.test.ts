import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { allVariables } from '../../src/config/variables';
import { loadConfig } from '../../src/load-config';

const example = readFileSync(join(__dirname, '../../.env.example'), 'utf8');
const file = join(mkdtempSync(join(tmpdir(), 'runwatch-env-')), '.env');
const assignment = /^# ?([A-Z_]+)=/;
const uncomment = (line: string) => line.replace(/^# ?/, '');
const lines = example.split('\n').filter((line) => assignment.test(line));

/** What sh exports after it has read the file, without what every process has. */
function sourced(text: string): Record<string, string> {
  writeFileSync(file, text);
  const printed = execFileSync('/bin/sh', ['-euc', `set -a; . ${file}; exec /usr/bin/env -0`], {
    env: {},
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pairs = printed
    .split('\0')
    .filter(Boolean)
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(name)));
}

/** As `docker run --env-file` reads it: the whole rest of the line is the value. */
const literally = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

test('it lists every variable once, and no other', () => {
  expect(lines.map((line) => assignment.exec(line)?.[1]).sort()).toEqual(
    Object.keys(allVariables(surfaceDefinitions()).schemas).sort(),
  );
});

test.each(lines)('%s works uncommented, in sh, in Docker and in Node', (line) => {
  const text = example.replace(`\n${line}\n`, `\n${uncomment(line)}\n`);
  const env = sourced(text);
  expect(Object.keys(env)).toEqual([assignment.exec(line)?.[1]]);
  expect(literally(text)).toEqual(env);
  expect(parseEnv(text)).toEqual(env);
  expect(loadConfig(env)).toEqual(loadConfig({}));
});

test('all of it works uncommented, and changes nothing', () => {
  const text = example.replace(/^# ?(?=[A-Z_]+=)/gm, '');
  const env = sourced(text);
  expect(Object.keys(env)).toHaveLength(lines.length);
  expect(loadConfig(env)).toEqual(loadConfig({}));
});

test('a line without a variable stays a comment', () => {
  const others = example.split('\n').filter((line) => !assignment.test(line));
  expect(others.filter((line) => line !== '' && !/^# \S/.test(line))).toEqual([]);
});
