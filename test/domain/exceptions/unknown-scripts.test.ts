import type { Match } from '../../../src/domain/exceptions/exception';
import { techniquesWithoutScript } from '../../../src/domain/exceptions/unknown-scripts';

const script = { pattern: '^apt-get' };

test.each<[string, Match, string[] | null]>([
  ['a run command', { technique: 'run-command', script }, ['run-command']],
  ['a digest', { technique: 'Run-Command', script: { sha256: 'a'.repeat(64) } }, ['run-command']],
  [
    'two without scripts',
    { technique: ['run-command', 'aks-run-command'], script },
    ['run-command', 'aks-run-command'],
  ],
  ['a managed run command', { technique: 'managed-run-command', script }, null],
  ['one of two', { technique: ['run-command', 'managed-run-command'], script }, null],
  ['a pattern that covers both', { technique: '*run-command', script }, null],
  ['any technique', { caller: 'dana', script }, null],
  ['an unknown technique', { technique: 'no-such', script }, null],
  ['no script', { technique: 'run-command' }, null],
])('%s', (_, match, ids) => {
  expect(techniquesWithoutScript(match)?.map(({ id }) => id) ?? null).toEqual(ids);
});
