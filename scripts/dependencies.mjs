// Writes docs/dependencies.md: what is installed with the package, by which licence. `npm run sbom` prints the same as CycloneDX.
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const rows = Object.entries(lock.packages)
  .filter(([path, entry]) => path !== '' && !entry.dev)
  .map(([path, { version, license, optional }]) => [
    path.replace(/^.*node_modules\//, ''),
    version,
    license ?? 'not named',
    optional ? 'optional' : '',
  ])
  .sort(([a], [b]) => (a < b ? -1 : 1));
const seen = new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row]));
const counts = {};
for (const [, , license] of seen.values()) counts[license] = (counts[license] ?? 0) + 1;
const summary = Object.entries(counts)
  .sort(([, a], [, b]) => b - a)
  .map(([license, count]) => `${license} ${count}`)
  .join(' · ');
const text = `# Dependencies

Made by \`node scripts/dependencies.mjs\` from package-lock.json; a test holds it. \`npm run sbom\` prints it as a CycloneDX bill of
materials. None needs its install script: set-up and CI install with \`--ignore-scripts\`.

${summary}

| package | version | licence | |
| --- | --- | --- | --- |
${[...seen.values()].map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
writeFileSync(new URL('../docs/dependencies.md', import.meta.url), text);
