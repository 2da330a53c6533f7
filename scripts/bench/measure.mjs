import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Runs a program and returns its duration in seconds and peak memory in MB (VmHWM on Linux; 0 elsewhere). */
export function timed(program, args, expected = [0]) {
  return new Promise((done, failed) => {
    const began = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = 0;
    let peak = 0;
    child.stdout.on('data', (chunk) => {
      output += chunk.length;
    });
    const look = setInterval(() => {
      try {
        peak = Math.max(
          peak,
          Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
        );
      } catch {
        // The process has ended.
      }
    }, 20);
    child.once('error', failed);
    child.once('exit', (code) => {
      clearInterval(look);
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      if (expected.includes(code)) done({ seconds, peakMb: peak, output });
      else failed(new Error(`${program} ended with ${code}`));
    });
  });
}

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * Reports a number for the table of `npm run bench`.
 * @param aim such as "≥ 1.0"; empty without one
 */
export function report(name, value, unit = '', aim = '') {
  process.send?.({ name, value, unit, aim });
}
