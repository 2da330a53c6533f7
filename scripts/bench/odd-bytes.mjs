// Measures `runwatch replay` on gzipped input that is not a log: 128 and 256 MB of zeros, spaces or one long
// line.

import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { timed } from './measure.mjs';

const cli = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist/cli.js');
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));

async function write(file, [begin, byte], megabytes) {
  const gzip = createGzip();
  const out = createWriteStream(file);
  gzip.pipe(out);
  gzip.write(begin);
  const block = Buffer.alloc(1 << 20, byte);
  for (let i = 0; i < megabytes; i++) if (!gzip.write(block)) await once(gzip, 'drain');
  gzip.end();
  await once(out, 'finish');
}

try {
  console.log('replay of invalid input, gzipped');
  for (const [name, content] of Object.entries({
    zeros: ['', 0],
    spaces: ['', 0x20],
    'one long line': ['{"a":"', 0x78],
  })) {
    const times = [];
    for (const megabytes of [128, 256]) {
      const file = join(dir, 'odd.gz');
      await write(file, content, megabytes);
      times.push(await timed(process.execPath, [cli, 'replay', file], [0, 1]));
    }
    const [small, large] = times;
    console.log(
      `  ${name.padEnd(14)} 128 MB ${small.seconds.toFixed(1)} s, 256 MB ${large.seconds.toFixed(1)} s: ` +
        `${(large.seconds / small.seconds).toFixed(1)} times (target: at most 2.2), peak ${large.peakMb.toFixed(0)} MB`,
    );
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
