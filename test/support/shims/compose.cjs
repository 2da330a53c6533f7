// Plays `docker compose` with processes of this machine: Redis, and two of Runwatch for each role, with the commands, the
// environment and the secrets of docker-compose.yml. SHIM_COMPOSE is a folder that stands for the containers' file system.
const { spawn, spawnSync } = require('node:child_process');
const { randomInt } = require('node:crypto');
const { existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const { join, resolve } = require('node:path');
const { parse } = require('yaml');

const replicas = ['poll', 'enrich', 'deliver', 'respond', 'serve'].flatMap((role) => [role, role]);
const deadlineMs = 120_000;

/** Below the ephemeral range, so that no outgoing connection takes it first; see ../free-port.ts. */
async function freePort() {
  for (;;) {
    const port = randomInt(12_000, 22_000);
    const server = createServer();
    const isFree = await new Promise((done) => {
      server.once('error', () => done(false));
      server.listen(port, () => done(true));
    });
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

/** What `env_file` reads: NAME=value, without quotes and expansions. */
const variablesIn = (text) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** Waits until `check` holds; throws `what` after the deadline. */
async function until(what, check) {
  const end = Date.now() + deadlineMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited too long for ${what()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Throws what Docker would refuse, or what the containers' users could not read. */
function checkFiles(secrets) {
  for (const { file } of Object.values(secrets)) {
    const isEmpty = statSync(file).size === 0;
    if (isEmpty || (statSync(file).mode & 0o004) === 0)
      throw new Error(`${file} is empty, or other users can't read it`);
  }
  if ((statSync('secrets').mode & 0o077) !== 0) throw new Error('other users can enter secrets');
  for (const name of ['.env', 'runwatch.yaml']) if (!existsSync(name)) throw new Error(`no file ${name}`);
}

/** Starts a process that outlives this one. Its output goes to a file. */
function begin(name, [program, ...args], env, folder) {
  const output = openSync(join(folder, `${name}.log`), 'a');
  const child = spawn(program, args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.unref();
  return child;
}

/** The environment of the service, with the containers' paths and names as they are here. */
function environmentOf(service, secrets, folder, redisPort) {
  const here = (text) => text.replaceAll('/run/secrets/', `${folder}/`);
  for (const [name, { file }] of Object.entries(secrets))
    writeFileSync(
      join(folder, name),
      readFileSync(file, 'utf8').replace('@redis:6379', `@127.0.0.1:${redisPort}`),
    );
  const mounts = service.volumes.map(({ source, target }) => [target, resolve(source)]);
  const given = { ...variablesIn(readFileSync('.env', 'utf8')), ...service.environment };
  const variables = Object.entries(given).map(([name, value]) => [
    name,
    mounts.find(([target]) => target === value)?.[1] ?? here(value),
  ]);
  const { PATH, SHIM_PATH, SHIM_CONTAINER } = process.env;
  return { PATH: SHIM_PATH ?? PATH, ...JSON.parse(SHIM_CONTAINER), ...Object.fromEntries(variables) };
}

async function up(folder, program) {
  const { services, secrets } = parse(readFileSync('docker-compose.yml', 'utf8'));
  checkFiles(secrets);
  mkdirSync(folder, { recursive: true });
  const redisPort = await freePort();
  const env = environmentOf(services.runwatch, secrets, folder, redisPort);
  const here = (text) =>
    text.replaceAll('$$', () => '$').replaceAll(/\/run\/secrets\/|\/tmp\//g, `${folder}/`);
  const [shell, flags, script] = services.redis.command;
  const children = [
    [
      'redis',
      begin(
        'redis',
        [shell, flags, `${here(script).trimEnd()} --port ${redisPort}`],
        { PATH: env.PATH },
        folder,
      ),
    ],
  ];
  const processes = [];
  for (const [i, role] of replicas.entries()) {
    const port = await freePort();
    const ports = { RUNWATCH_PORT: String(port), RUNWATCH_METRICS_PORT: String(port) };
    const name = `${role}-${(i % 2) + 1}`;
    const child = begin(name, [...program, 'start', '--roles', role], { ...env, ...ports }, folder);
    children.push([name, child]);
    processes.push({ name, role, url: `http://127.0.0.1:${port}` });
  }
  // Whoever started this stops them, also if one of them fails.
  const state = { pids: children.map(([, child]) => child.pid), processes, env };
  writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
  const waiting = new Set(processes);
  const ended = () => children.find(([, child]) => child.exitCode !== null)?.[0];
  await until(
    () => [...waiting].map(({ name }) => name).join(', '),
    async () => {
      const name = ended();
      if (name) throw new Error(`${name} ended: ${readFileSync(join(folder, `${name}.log`), 'utf8')}`);
      for (const one of waiting)
        if ((await fetch(`${one.url}/readyz`).catch(() => null))?.ok) waiting.delete(one);
      return waiting.size === 0;
    },
  );
}

/** @returns the exit code of a command in the service's container */
function exec(folder, program, [service, node, file, ...args]) {
  if (service !== 'runwatch' || node !== 'node' || file !== 'dist/cli.js') throw new Error('not a command');
  const { env } = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));
  return spawnSync(program[0], [...program.slice(1), ...args], { env, stdio: 'inherit' }).status ?? 1;
}

/** @param program what the image's entry point runs */
module.exports = async function compose([verb, ...args], program) {
  const folder = process.env.SHIM_COMPOSE;
  if (verb === 'up' && args.includes('-d') && args.includes('--wait')) await up(folder, program);
  else if (verb === 'exec') process.exit(exec(folder, program, args));
  else throw new Error('not known to the shim');
};
