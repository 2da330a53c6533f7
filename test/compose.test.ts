import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const compose = parse(readFileSync(join(__dirname, '../docker-compose.yml'), 'utf8'));

test.each(Object.keys(compose.services))(
  '%s runs with no more than it needs, and says whether it is well',
  (name) => {
    const service = compose.services[name];
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], restart: 'unless-stopped' });
    expect(service.user).toMatch(/^[1-9]\d*:/);
    expect(service.healthcheck.test.length).toBeGreaterThan(1);
  },
);

test('Redis keeps everything', () => {
  const command = compose.services.redis.command.join(' ');
  expect(command).toMatch(/--appendonly yes/);
  expect(command).toMatch(/--maxmemory-policy noeviction/);
});
