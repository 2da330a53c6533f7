import { readFileSync } from 'node:fs';

const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
const setting = (name) => new RegExp(`^ENV .*\\b${name}=(\\S+)`, 'm').exec(dockerfile)?.[1] ?? '';

/** What the image sets for Node and glibc, so that the benches run bots as the image does. */
export const imageEnv = {
  NODE_OPTIONS: setting('NODE_OPTIONS'),
  MALLOC_ARENA_MAX: setting('MALLOC_ARENA_MAX'),
};
