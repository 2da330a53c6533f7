import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** The pages with commands, each of which is run as it is written. */
export const pages = [
  'README.md',
  'docs/deploy.md',
  'docs/doctor.md',
  'docs/sentinel.md',
  'docs/sign-in.md',
  'docs/start.md',
];

/** All `sh` blocks of a page, as a reader would paste them. */
export const commandsOf = (page: string) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)]
    .map(([, block]) => block)
    .join('\n');

/** Copies what a clone of this repository would contain, with changes that are not committed. */
export function copyClone(dir: string): string {
  const clone = join(dir, 'runwatch');
  mkdirSync(clone, { recursive: true });
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  execFileSync('tar', ['-cf', join(dir, 'clone.tar'), '--null', '-T', '-'], { cwd: root, input: files });
  execFileSync('tar', ['-xf', join(dir, 'clone.tar'), '-C', clone]);
  return clone;
}

/** Packs the built package as `npm publish` does; returns its path. */
export function packInto(dir: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir];
  const [{ filename }] = JSON.parse(
    execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as [{ filename: string }];
  return join(dir, filename);
}

/** Writes the programs that stand for those in the docs; returns the folder for PATH. See shims/shim.cjs. */
export function writeShims(dir: string): string {
  const shims = join(dir, 'shims');
  mkdirSync(shims, { recursive: true });
  for (const program of ['az', 'docker', 'helm', 'kubectl', 'node', 'npm', 'npx', 'curl']) {
    const path = join(shims, program);
    writeFileSync(
      path,
      `#!/bin/sh\nexec ${process.execPath} ${join(root, 'test/support/shims/shim.cjs')} ${program} "$@"\n`,
    );
    chmodSync(path, 0o755);
  }
  return shims;
}

/** Whether process groups have ended, by their ids. A container's first process may never collect those that have. */
export function haveEnded(groups: readonly number[]): boolean {
  const processes = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' });
  const alive = new Set([...processes.matchAll(/^ *(\d+) +[^Z]/gm)].map(([, id]) => Number(id)));
  return groups.every((id) => !alive.has(id));
}

/** Runs a script as bash does on a terminal, but stops at the first failure. */
export async function bash(script: string, cwd: string, env: Record<string, string>): Promise<void> {
  const program = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd, env });
  let output = '';
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const code = await new Promise((done) => program.on('close', done));
  if (code !== 0) throw new Error(`exit code ${code}: ${output.slice(-3000)}`);
}
