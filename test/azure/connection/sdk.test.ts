import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

test('a bot loads the SDKs of alerts with its first alert, not when it starts', () => {
  const list = `require('./dist/app.js'); console.log(Object.keys(require.cache).join('\\n'))`;
  const loaded = execFileSync(process.execPath, ['-e', list], { cwd: root, encoding: 'utf8' });
  expect(loaded).toContain('bullmq');
  for (const name of ['authorization', 'compute', 'locks', 'network', 'resources'])
    expect(loaded).not.toContain(`@azure/arm-${name}/`);
});
