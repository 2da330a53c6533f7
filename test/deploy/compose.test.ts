import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { allVariables } from '../../src/config/variables';
import { freePort } from '../support/free-port';
import { until } from '../support/wait';

const compose = parse(readFileSync(join(__dirname, '../../docker-compose.yml'), 'utf8'));
const { redis, runwatch } = compose.services;

test.each(Object.keys(compose.services))(
  '%s runs with minimal privileges and limits, and has a health check',
  (name) => {
    const service = compose.services[name];
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      mem_limit: expect.any(String),
      cpus: expect.any(Number),
      pids_limit: expect.any(Number),
    });
    expect(service.user).toMatch(/^[1-9]\d*:/);
    expect(service.healthcheck.test.length).toBeGreaterThan(1);
  },
);

test('the image of Redis is pinned by digest, here and in the chart', () => {
  const { valkey } = parse(readFileSync(join(__dirname, '../../deploy/helm/runwatch/values.yaml'), 'utf8'));
  for (const image of [redis.image, valkey.image])
    expect(image).toMatch(/^[\w/]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
});

test('Redis persists everything, evicts nothing and asks for a password', () => {
  const command = redis.command.join(' ');
  expect(command).toMatch(/--appendonly yes/);
  expect(command).toMatch(/--maxmemory-policy noeviction/);
  expect(command).toMatch(/requirepass/);
  expect(redis.secrets).toEqual(['redis_password']);
  expect(redis.ports).toBeUndefined();
});

test('secrets are files, each of which a variable names', () => {
  const { schemas, secrets } = allVariables(surfaceDefinitions());
  const files = Object.entries<string>(runwatch.environment).filter(([name]) => name.endsWith('_FILE'));
  for (const [name, path] of files) {
    expect(secrets.has(name.replace(/_FILE$/, ''))).toBe(true);
    expect(runwatch.secrets).toContain(path.replace('/run/secrets/', ''));
  }
  expect(files.map(([name]) => name)).toEqual(
    expect.arrayContaining(['REDIS_URL_FILE', 'RUNWATCH_SECRET_FILE', 'RUNWATCH_CONSOLE_TOKEN_FILE']),
  );
  for (const name of Object.keys(runwatch.environment)) {
    expect(secrets.has(name)).toBe(false);
    expect(Object.keys(schemas)).toContain(name.replace(/_FILE$/, ''));
  }
  for (const name of [...runwatch.secrets, ...redis.secrets])
    expect(compose.secrets[name].file).toMatch(/^\.\/secrets\/[a-z-]+$/);
});

test('RUNWATCH_CONFIG is mounted, and a missing file is not created as a folder', () => {
  expect(runwatch.volumes).toContainEqual({
    type: 'bind',
    source: './runwatch.yaml',
    target: runwatch.environment.RUNWATCH_CONFIG,
    read_only: true,
    bind: { create_host_path: false },
  });
});

test('Redis starts as written, and answers only with a password, which may not be empty', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'runwatch-compose-'));
  const port = await freePort();
  /** The shell's text, with the container's paths in `dir`. */
  const here = (text: string) =>
    text.replaceAll('$$', () => '$').replaceAll(/\/run\/secrets\/|\/tmp\//g, `${dir}/`);
  const script = here(redis.command[2]).trimEnd();
  const secret = join(dir, 'redis_password');
  writeFileSync(secret, '');
  expect(spawnSync('sh', ['-euc', `${script} --port ${port}`], { cwd: dir, timeout: 5000 }).status).toBe(2);
  writeFileSync(secret, '0123456789abcdef\n');
  const server = spawn('sh', ['-euc', `${script} --port ${port}`], { cwd: dir, stdio: 'ignore' });
  const check = here(redis.healthcheck.test[1]).replace('redis-cli', `redis-cli -p ${port}`);
  try {
    await until('Redis', () => spawnSync('sh', ['-c', check]).status === 0, 20);
    const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' });
    expect(stdout).toMatch(/NOAUTH/);
  } finally {
    server.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
