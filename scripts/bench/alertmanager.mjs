// Baseline: Prometheus Alertmanager with the same number of alerts and the same Slack. Each alert is its own
// group with no wait time.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const program = ['prometheus-alertmanager', 'alertmanager'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Notifications per second, from the first alert sent to the last one in Slack; null if it is not installed.
 */
export async function alertmanager({ measured, slack, port, dir }) {
  if (!program) return null;
  const config = join(dir, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: {receiver: slack, group_by: [id], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: slack, slack_configs: [{api_url: 'http://127.0.0.1:${port}/webhook', channel: C1}]}]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.path=${join(dir, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const ready = () =>
    fetch(`http://${address}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
  while (!(await ready())) {
    if (server.exitCode !== null) throw new Error(`Alertmanager ended with ${server.exitCode}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  const rate = await measured(async (some) => {
    slack.send(some.length);
    const finished = once(slack, 'message');
    for (let i = 0; i < some.length; i += 1000) {
      const alerts = some.slice(i, i + 1000).map(({ id }) => ({
        labels: { alertname: 'Run command', severity: 'medium', id },
        annotations: { summary: 'A run command', description: 'x'.repeat(500) },
      }));
      await fetch(`http://${address}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
    }
    await finished;
  });
  server.kill('SIGKILL');
  return rate;
}
