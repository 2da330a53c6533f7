import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Whether the text is valid Bicep, and what it declares. */
export const parseBicep = (input: string): { holds: boolean; declared: string[] } =>
  JSON.parse(
    execFileSync(process.execPath, [join(__dirname, '../deploy/parse-bicep.cjs')], {
      input,
      encoding: 'utf8',
    }),
  );
