// Plays `npm ci` and `npm install runwatch` without the registry: links the packages that this repository has installed.
const { spawnSync } = require('node:child_process');
const { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = join(__dirname, '../../..');
const lock = () => readFileSync(join(root, 'package-lock.json'), 'utf8');

function run(program, ...args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

/** Hard links where the file system can, else copies. */
function link(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (spawnSync('cp', ['-al', from, to]).status === 0) return;
  run('rm', '-rf', to);
  run('cp', '-a', from, to);
}

/** As `npm ci`, in a folder with this repository's package-lock.json. */
function installClone(folder) {
  if (readFileSync(join(folder, 'package-lock.json'), 'utf8') !== lock())
    throw new Error('package-lock.json is not that of this repository');
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) link(join(root, 'node_modules'), modules);
  // Else scripts/setup.mjs could take what is linked for outdated.
  utimesSync(join(folder, 'package-lock.json'), 0, 0);
}

/** As `npm install TARBALL`: the package, and what it depends on, without what only its development needs. */
function installPackage(tarball, folder) {
  const own = join(folder, 'node_modules/runwatch');
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  mkdirSync(own);
  run('tar', '-xzf', tarball, '-C', own, '--strip-components=1');
  const { packages } = JSON.parse(lock());
  // A nested package comes with the one that contains it.
  for (const [path, { dev, devOptional, optional }] of Object.entries(packages))
    if (/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional && !optional)
      link(join(root, path), join(folder, path));
  const { bin } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  for (const [name, path] of Object.entries(bin))
    symlinkSync(join('../runwatch', path), join(folder, 'node_modules/.bin', name));
  for (const path of Object.values(bin)) chmodSync(join(own, path), 0o755);
}

module.exports = { installClone, installPackage };
