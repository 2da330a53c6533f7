import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A holder keeps the lock for less, ms; what is older was left by one that died. */
const heldAtMostMs = 75_000;
const lookAgainMs = 25;
/** What this process wrote into locks that it holds. */
const held = new Set<string>();

/**
 * Does work in one process at a time, on one machine. A lock that a dead process left is taken from it.
 * @param path the lock's file, which holds the process's id
 */
export async function withStartLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${randomUUID()}`;
  held.add(mine);
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    takeFromTheDead(path, mine);
    await delay(lookAgainMs);
  }
  try {
    return await work();
  } finally {
    if (contentOf(path) === mine) rmSync(path, { force: true });
    held.delete(mine);
  }
}

function takeFromTheDead(path: string, mine: string): void {
  const left = contentOf(path);
  if (left === null || !isDead(path, left)) return;
  // Who moves it away owns what was moved: a lock that was taken meanwhile is put back.
  const aside = `${path}.${mine.split(' ')[1]}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (contentOf(aside) !== left) {
    try {
      linkSync(aside, path);
    } catch {
      // Another one was faster; both hold what they wrote.
    }
  }
  rmSync(aside, { force: true });
}

function isDead(path: string, content: string): boolean {
  const pid = Number.parseInt(content, 10);
  // A process that writes its lock just now has not written its id yet.
  const age = ageOf(path);
  if (!(pid > 0)) return age > 1000;
  if (age > heldAtMostMs) return true;
  // A container's process often has the id that the one before it had.
  return pid === process.pid ? !held.has(content) : !isRunning(pid);
}

/** True also of a process that is another user's. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
