// Measures `runwatch replay` on 1,000,000 records (one object per line, 1 in 1,000 a run command) against
// jq's select on the same file, against ripgrep, whose lines jq then selects from, and against Node's JSON.parse alone.

import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report, timed } from './measure.mjs';

const records = Number(process.env.BENCH_RECORDS ?? 1_000_000);
const root = fileURLToPath(new URL('../..', import.meta.url));
const lines = readFileSync(join(root, 'test/fixtures/activity-log/diagnostic.ndjson'), 'utf8')
  .trim()
  .split('\n');
const [run, other] = [JSON.parse(lines[2]), JSON.parse(lines[3])];
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const file = join(dir, 'log.ndjson');
try {
  const out = createWriteStream(file);
  for (let i = 0; i < records; i++) {
    const record = i % 1000 === 0 ? run : other;
    record.correlationId = `${String(i).padStart(8, '0')}-0000-4000-8000-000000000000`;
    if (!out.write(`${JSON.stringify(record)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  const megabytes = statSync(file).size / 1e6;
  const filter =
    'select((.operationName | ascii_downcase) == "microsoft.compute/virtualmachines/runcommand/action")';
  const ours = await timed(process.execPath, [join(root, 'dist/cli.js'), 'replay', '--json', file]);
  const jq = await timed('jq', ['-c', filter, file]);
  const parsed = await timed(process.execPath, [join(root, 'scripts/bench/parse-lines.mjs'), file]);
  const rg = await timed('sh', [
    '-c',
    `rg -i '"operationName":"microsoft.compute/virtualmachines/runcommand/action"' "$1" | jq -c "$2"`,
    'sh',
    file,
    filter,
  ]);
  console.log(`replay: ${records} records, ${megabytes.toFixed(0)} MB`);
  console.log(`  runwatch replay  ${ours.seconds.toFixed(1)} s  peak ${ours.peakMb.toFixed(0)} MB`);
  console.log(`  jq select        ${jq.seconds.toFixed(1)} s  peak ${jq.peakMb.toFixed(0)} MB`);
  console.log(`  ripgrep and jq   ${rg.seconds.toFixed(1)} s`);
  console.log(`  JSON.parse alone ${parsed.seconds.toFixed(1)} s`);
  console.log(
    `  ratio            ${(jq.seconds / ours.seconds).toFixed(1)} times as fast as jq (target: 15), ${ours.peakMb.toFixed(0)} MB (target: under 250)`,
  );
  report('replay', ours.seconds, 's');
  report('replay to jq, times as fast', jq.seconds / ours.seconds, '', '≥ 15');
  report('replay to ripgrep and jq, times as fast', rg.seconds / ours.seconds);
  report('replay to JSON.parse alone, times as fast', parsed.seconds / ours.seconds);
  report('replay, peak memory', ours.peakMb, 'MB', '< 250');
} finally {
  rmSync(dir, { recursive: true, force: true });
}
