import type { Output } from './output';

const barWidth = 24;

/** A progress line, redrawn at most five times per second; prints nothing if stderr is not a terminal. */
export function progressLine(output: Output, text: () => string) {
  let last = 0;
  return {
    tick() {
      if (!output.interactive || Date.now() - last < 200) return;
      last = Date.now();
      process.stderr.write(`\r\u001b[K${text()}`);
    },
    done() {
      if (output.interactive) process.stderr.write('\r\u001b[K');
    },
  };
}

/** Draws a fraction from 0 to 1 as a bar. */
export const bar = (share: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${Math.round(share * 100)} %`;
};
