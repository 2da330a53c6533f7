import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const compose = parse(readFileSync(join(__dirname, '../../docker-compose.yml'), 'utf8'));

test.each(Object.keys(compose.services))('%s runs with minimal privileges and has a health check', (name) => {
  const service = compose.services[name];
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' });
  expect(service.user).toMatch(/^[1-9]\d*:/);
  expect(service.healthcheck.test.length).toBeGreaterThan(1);
});

test('Redis persists everything and evicts nothing', () => {
  const command = compose.services.redis.command.join(' ');
  expect(command).toMatch(/--appendonly yes/);
  expect(command).toMatch(/--maxmemory-policy noeviction/);
});
