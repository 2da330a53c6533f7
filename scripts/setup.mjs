// Sets up what a fresh clone is missing and prints each step; fast if there is nothing to do.
// Uses only Node, since it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text) => process.stderr.write(`setup: ${text}\n`);

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (error || status !== 0) fail(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

function onPath(program) {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return dirs.some((dir) => dir !== '' && existsSync(join(dir, program)));
}

const newer = (a, b) => !existsSync(b) || statSync(a).mtimeMs > statSync(b).mtimeMs;

function dependencies() {
  if (!newer(join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json'))) return;
  say('installing dependencies with npm ci (first run only)');
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts'];
  const npm = process.env.npm_execpath;
  if (npm) run(process.execPath, [npm, ...args]);
  else run('npm', args);
}

const managers = [
  ['apt-get', ['install', '-y', '--no-install-recommends'], ['update']],
  ['dnf', ['install', '-y'], null],
  ['apk', ['add'], null],
  ['brew', ['install'], null],
];

/** Installs a program with the system's package manager; false if there is none or it is not allowed. */
function install(names) {
  const manager = managers.find(([program]) => onPath(program));
  if (!manager) return false;
  const [program, args, refresh] = manager;
  const root = process.getuid?.() === 0;
  if (program !== 'brew' && !root && !onPath('sudo')) return false;
  const name = names[program] ?? names.default;
  say(`installing ${name} with ${program} (first run only)`);
  const call = (list) => {
    const sudo = !root && program !== 'brew';
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    return spawnSync(sudo ? 'sudo' : program, sudo ? ['-n', program, ...list] : list, options).status === 0;
  };
  if (refresh) call(refresh);
  return call([...args, ...name.split(' ')]);
}

function redis() {
  if (process.env.REDIS_URL || onPath('redis-server') || onPath('valkey-server')) return;
  if (install({ 'apt-get': 'redis-server', default: 'redis' }) && onPath('redis-server')) return;
  fail(
    'Redis not found. Set REDIS_URL, put redis-server or valkey-server on PATH, or install the package redis-server (needs root)',
  );
}

function browser() {
  if (['chromium', 'chromium-browser', 'google-chrome'].some(onPath)) return;
  if (install({ default: 'chromium' }) && onPath('chromium')) return;
  fail('Chromium not found, which the browser tests need: install the package chromium');
}

/** The Helm chart's test renders its templates with Go and sprig, as Helm does. */
function go() {
  if (onPath('go') && existsSync('/usr/share/gocode/src/github.com/Masterminds/sprig')) return;
  const packages = 'golang-go golang-github-masterminds-sprig-dev golang-gopkg-yaml.v3-dev';
  if (install({ 'apt-get': packages, default: 'go' }) && onPath('go')) return;
  say('Go with sprig not found: the test of the Helm chart will fail');
}

/** Installs the programs that `npm run bench` compares with. */
function peers() {
  if (!onPath('jq')) install({ default: 'jq' });
  if (!onPath('rg')) install({ default: 'ripgrep' });
  if (!['prometheus-alertmanager', 'alertmanager'].some(onPath))
    install({ 'apt-get': 'prometheus-alertmanager', default: 'alertmanager' });
}

function build() {
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  run(process.execPath, [join(root, 'scripts/copy-assets.mjs')]);
}

if (Number(process.versions.node.split('.')[0]) < 22)
  fail(`Node ${process.versions.node} is too old; run this by \`npm run setup\`, which brings Node 24`);
dependencies();
redis();
if (process.argv.includes('--browser')) browser();
if (process.argv.includes('--go')) go();
if (process.argv.includes('--bench')) peers();
build();
