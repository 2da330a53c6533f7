import { execFileSync } from 'node:child_process';
import { Argument, Command } from 'commander';
import { completionScript } from '../../src/commands/completion';

const program = new Command('runwatch');
const audit = program.command('audit');
audit.command('verify').option('--json');
audit.command('export').option('--format <format>');
program.command('manifest').addArgument(new Argument('<what>').choices(['slack', 'teams']));
const script = completionScript(program, 'bash');

/** What a real bash offers after these words. */
const offered = (...words: string[]) =>
  execFileSync('bash', [
    '-c',
    `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _runwatch; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ])
    .toString()
    .trim()
    .split('\n');

test.each<[string[], string[]]>([
  [
    ['runwatch', ''],
    ['audit', 'manifest', '--help'],
  ],
  [['runwatch', 'au'], ['audit']],
  [
    ['runwatch', 'audit', ''],
    ['verify', 'export', '--help'],
  ],
  [['runwatch', 'audit', 'export', '--f'], ['--format']],
  [
    ['runwatch', 'audit', 'verify', 'file', '--'],
    ['--json', '--help'],
  ],
  [['runwatch', 'manifest', 's'], ['slack']],
])('after %j it offers %j', (words, wanted) => {
  expect(offered(...words)).toEqual(wanted);
});

test('fish gets one line per word', () => {
  expect(completionScript(program, 'fish')).toContain(
    "complete -c runwatch -n '__fish_seen_subcommand_from audit; and __fish_seen_subcommand_from export' -l format",
  );
});
