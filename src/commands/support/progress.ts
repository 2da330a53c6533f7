import type { Output } from './output';

const barWidth = 24;

/** A line on the terminal that is drawn over while work goes on, at most five times a second; nothing elsewhere. */
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

/** A share from 0 to 1 as a bar. */
export const bar = (share: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${Math.round(share * 100)} %`;
};
