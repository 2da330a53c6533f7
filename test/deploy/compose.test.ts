import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { surfaceDefinitions } from '../../src/chat/surfaces';
import { allVariables } from '../../src/config/variables';

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
