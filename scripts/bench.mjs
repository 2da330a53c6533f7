// Measures all published numbers and their baselines: `npm run bench`, `npm run bench -- replay`, or
// `npm run bench -- --runs 3 callers memory` for minimum, median and maximum.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { imageEnv } from './bench/image-env.mjs';
import { median } from './bench/measure.mjs';

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
const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : all;
const runs = Number(values.runs);
const env = { ...process.env, ...imageEnv };
console.log(`Node ${process.version}`);

/** @type {Map<string, { unit: string, aim: string, measured: number[] }>} */
const reported = new Map();
let worst = 0;
for (let run = 0; run < runs; run++)
  for (const name of chosen) {
    const child = fork(fileURLToPath(new URL(`./bench/${name}.mjs`, import.meta.url)), { env });
    child.on('message', ({ name, value, unit, aim }) => {
      const known = reported.get(name) ?? { unit, aim, measured: [] };
      reported.set(name, { ...known, measured: [...known.measured, value] });
    });
    const [status] = await once(child, 'exit');
    worst = Math.max(worst, status ?? 1);
  }

if (runs > 1) {
  console.log(`\nNode ${process.version}, ${runs} runs\n`);
  console.log('| measurement | minimum | median | maximum | aim |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const [name, { unit, aim, measured }] of reported) {
    const shown = [Math.min(...measured), median(measured), Math.max(...measured)].map(textOf);
    console.log(`| ${name}${unit && `, ${unit}`} | ${shown.join(' | ')} | ${aim} |`);
  }
}
process.exit(worst);

function textOf(value) {
  if (value >= 100) return value.toFixed(0);
  return value.toPrecision(value >= 10 ? 3 : 2);
}
