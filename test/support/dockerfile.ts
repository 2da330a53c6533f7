import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Instruction {
  keyword: string;
  rest: string;
}

/** The instructions of a Dockerfile, with continued lines joined. */
export const instructionsOf = (path: string): Instruction[] =>
  readFileSync(path, 'utf8')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({
      keyword: line.split(' ', 1)[0] ?? '',
      rest: line.slice(line.indexOf(' ') + 1).trim(),
    }));

/** The image that a replay results in: its files are in `dir`, without those of the base image. */
export interface Image {
  dir: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  entrypoint: string[];
}

/**
 * Replays a Dockerfile step by step, each stage in a folder below `into`: there is no engine and no registry here. `provided`
 * are the files that base images bring, by their path in the image.
 */
export function replay(context: string, into: string, provided: Record<string, string>): Image {
  const stages: Image[] = [];
  const names: string[] = [];
  for (const { keyword, rest } of instructionsOf(join(context, 'Dockerfile'))) {
    const stage = stages.at(-1) as Image;
    if (keyword === 'FROM') {
      names.push(rest.split(/ AS /i)[1] ?? '');
      const dir = join(into, `stage-${stages.length}`);
      mkdirSync(dir, { recursive: true });
      stages.push({ dir, workdir: '/', env: {}, user: 'root', entrypoint: [] });
    } else if (keyword === 'WORKDIR') {
      stage.workdir = rest;
      mkdirSync(join(stage.dir, rest), { recursive: true });
    } else if (keyword === 'ENV')
      for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
    else if (keyword === 'USER') stage.user = rest;
    else if (keyword === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest);
    else if (keyword === 'RUN')
      execFileSync('bash', ['-euc', rest], {
        cwd: join(stage.dir, stage.workdir),
        env: { ...process.env, ...stage.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    else if (keyword === 'COPY') {
      const [, from] = /--from=(\w+)/.exec(rest) ?? [];
      const words = rest.split(' ').filter((word) => !word.startsWith('--'));
      const target = words.pop() as string;
      const source = from === undefined ? context : (stages[names.indexOf(from)] as Image).dir;
      for (const word of words) {
        const path = from !== undefined && provided[word] ? provided[word] : join(source, word);
        copy(path, join(stage.dir, resolve(stage.workdir, target)), target.endsWith('/'));
      }
    }
  }
  return stages.at(-1) as Image;
}

/** As COPY does: a folder's content into the target, a file into it where it is a folder. */
function copy(path: string, target: string, isFolder: boolean): void {
  if (!existsSync(path)) throw new Error(`COPY: no ${path}`);
  const file = statSync(path).isFile();
  const to = file && isFolder ? join(target, path.slice(dirname(path).length + 1)) : target;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(path, to, { recursive: true, verbatimSymlinks: true });
}
