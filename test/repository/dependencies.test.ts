import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
interface Locked {
  version: string;
  license?: string;
  dev?: boolean;
  resolved?: string;
  integrity?: string;
}
const shippedPackages = Object.entries(lock.packages as Record<string, Locked>).filter(
  ([path, entry]) => path !== '' && !entry.dev,
);

/** Licenses that an Apache-2.0 program may ship with attribution only. */
const allowed =
  /^(\(?(MIT|Apache-2\.0|ISC|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0|WTFPL)( OR [\w.-]+\)?)*\)?)$/;

/** Packages that state their license only in a separate file, which we checked. */
const checkedLicenses: Record<string, string> = { 'node_modules/limiter': 'MIT' };

test('every shipped package has an allowed license, a fixed version and a digest', () => {
  const wrong = shippedPackages
    .filter(
      ([path, { license = checkedLicenses[path] ?? '', resolved = '', integrity }]) =>
        !allowed.test(license) || !/^($|https:\/\/registry\.npmjs\.org\/)/.test(resolved) || !integrity,
    )
    .map(([path, { license, resolved }]) => ({ path, license, resolved }));
  expect(wrong).toEqual([]);
});

test('our own dependencies are pinned', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
  );
  expect(loose).toEqual([]);
});

test('docs/dependencies.md matches the output of scripts/dependencies.mjs', () => {
  const before = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
  execFileSync(process.execPath, [join(root, 'scripts/dependencies.mjs')]);
  expect(readFileSync(join(root, 'docs/dependencies.md'), 'utf8')).toBe(before);
});
