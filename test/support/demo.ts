import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningDemo, startDemo } from '../../src/commands/demo-app';
import type { TeamMember } from '../../src/demo/team';
import { createLog } from '../../src/runtime/log';
import { freePort } from './free-port';

/** The demo on a free port, without its scenarios. Once in a process, because it registers its chat. */
export async function startTestDemo(): Promise<RunningDemo & { url: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runwatch-demo-'));
  const env = { RUNWATCH_PORT: String(await freePort()) };
  const demo = await startDemo(env, dataDir, () => createLog(process.env.TEST_LOG ?? 'silent'));
  const stop = async () => {
    await demo.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { ...demo, stop, url: `${demo.app.url}/console` };
}

/** Signs in as a person by a click, and returns the session's cookie. */
export async function signInAs({ id }: TeamMember, url: string, more: RequestInit = {}): Promise<string> {
  const body = new URLSearchParams({ person: id, next: '/console/audit' });
  const response = await fetch(`${url}/sign-in/as`, { method: 'POST', body, redirect: 'manual', ...more });
  if (response.status !== 303) throw new Error(`signing in: ${response.status}`);
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
