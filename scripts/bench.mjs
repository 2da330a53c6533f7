// Measures all published numbers and their baselines: `npm run bench`, or `npm run bench -- replay`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const all = [
  'replay',
  'odd-bytes',
  'pipeline',
  'callers',
  'scale-out',
  'alert',
  'evidence',
  'search',
  'memory',
  'growth',
];
const chosen = process.argv.slice(2).length > 0 ? process.argv.slice(2) : all;
/** The same as in the Dockerfile. */
const env = { ...process.env, NODE_OPTIONS: '--max-semi-space-size=32' };
console.log(`Node ${process.version}`);
let worst = 0;
for (const name of chosen) {
  const script = fileURLToPath(new URL(`./bench/${name}.mjs`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit', env });
  worst = Math.max(worst, status ?? 1);
}
process.exit(worst);
