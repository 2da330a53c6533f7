// Prints a version's section of CHANGELOG.md, for its release. Fails unless the tag, package.json, the Helm chart, docker-compose.yml
// and CHANGELOG.md agree.
//   node scripts/release-notes.mjs v1.2.3
import { readFileSync } from 'node:fs';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

export function releaseNotes(tag, files = read) {
  const version = tag?.replace(/^v/, '');
  const found = {
    'package.json': JSON.parse(files('package.json')).version,
    'package-lock.json': JSON.parse(files('package-lock.json')).version,
    'deploy/helm/runwatch/Chart.yaml': /^appVersion:\s*"?([^"\n]+)/m.exec(
      files('deploy/helm/runwatch/Chart.yaml'),
    )?.[1],
    'docker-compose.yml': /^ +image: ghcr\.io\/runwatch\/runwatch:(.+)/m.exec(
      files('docker-compose.yml'),
    )?.[1],
  };
  for (const [file, value] of Object.entries(found))
    if (value !== version) throw new Error(`${file} has version ${value}, the tag is ${tag}`);
  const sections = files('CHANGELOG.md').split(/^## /m).slice(1);
  const section = sections.find((text) =>
    new RegExp(`^\\[?${version.replaceAll('.', '\\.')}\\]? - \\d{4}-\\d{2}-\\d{2}\\n`).test(text),
  );
  if (!section) throw new Error(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  return `${section
    .slice(section.indexOf('\n'))
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .trim()}\n`;
}

if (import.meta.filename === process.argv[1]) {
  try {
    process.stdout.write(releaseNotes(process.argv[2]));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
