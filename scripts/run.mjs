// Runs a program of node_modules/.bin, or a .mjs or .js file, under a supported Node: this one, or Node 24 from the npm registry,
// which is kept in .cache/. Uses nothing but Node, since it runs before anything is installed.
//   node scripts/run.mjs PROGRAM [ARGS…]
// SETUP_NODE=22 picks another major version than 24, and takes it from the registry even where this Node would do.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const oldest = 22;
const wanted = process.env.SETUP_NODE ?? '24';

function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}

/** The npm package that holds Node's binary for this system. */
function packageName() {
  const systems = { linux: 'linux', darwin: 'darwin', win32: 'win' };
  const system = systems[process.platform];
  if (!system || !['x64', 'arm64'].includes(process.arch)) return null;
  return `node-${system}-${process.arch}`;
}

const versionOf = (node) => {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
};

/** The path of a Node binary in .cache/, which is downloaded where it is missing. */
function download() {
  if (!/^\d{2}$/.test(wanted) || Number(wanted) < oldest)
    fail(`SETUP_NODE is ${JSON.stringify(wanted)}; it must be a major version from ${oldest} on, such as 24`);
  const ways = `Install Node ${oldest} or later yourself: https://nodejs.org/en/download`;
  const name = packageName();
  if (!name) fail(`Node ${process.versions.node} is too old. ${ways}`);
  const folder = join(root, '.cache', `node-${wanted}`);
  const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(node)) {
    const why = process.env.SETUP_NODE
      ? `SETUP_NODE asks for Node ${wanted}`
      : `Node ${process.versions.node} has no security fixes any more`;
    process.stderr.write(
      `setup: ${why}; downloading ${name}@${wanted} from the npm registry to .cache/, once\n`,
    );
    const npm = process.env.npm_execpath;
    const args = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `${name}@${wanted}`,
    ];
    const options = { stdio: ['ignore', 'ignore', 'inherit'] };
    const { status } = npm
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync('npm', args, options);
    if (status !== 0) fail(`the download of ${name}@${wanted} failed. ${ways}`);
  }
  if (!versionOf(node)) fail(`${node} does not run on this system. ${ways}`);
  return node;
}

const tooOld = Number(process.versions.node.split('.')[0]) < oldest;
const node = tooOld || process.env.SETUP_NODE ? download() : process.execPath;

const [program, ...args] = process.argv.slice(2);
if (!program) fail('usage: node scripts/run.mjs PROGRAM [ARGS…]');
/** The script behind a program of node_modules/.bin; npm links to it, or writes a shell script on Windows. */
function scriptOf(name) {
  if (/\.(m|c)?js$/.test(name)) return name;
  for (const folder of [
    name,
    ...(name === 'tsc' ? ['typescript'] : []),
    ...(name === 'biome' ? ['@biomejs/biome'] : []),
  ]) {
    const manifest = join(root, 'node_modules', folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
    return join(dirname(manifest), typeof bin === 'string' ? bin : bin[name]);
  }
  return fail(`${name} is not installed; run npm run setup`);
}

// A Node from the registry brings its own certificates; a proxy's are only in the system's store.
const certificates = node === process.execPath ? {} : { NODE_USE_SYSTEM_CA: '1' };
const child = spawn(node, [scriptOf(program), ...args], {
  stdio: 'inherit',
  env: { ...certificates, ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
});
// A terminal sends its signals to the child too; others send them to this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
child.on('error', (error) => fail(error.message));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
