import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Longest time a process holds the lock, ms. An older lock is stale. */
const maxHoldMs = 75_000;
const retryMs = 25;
/** Contents of the locks that this process holds. */
const ownContents = new Set<string>();

/**
 * Runs work in one process at a time on this machine. Removes a lock that a dead process left behind.
 * @param path the lock file, which contains the process id
 */
export async function withStartLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = `${process.pid} ${randomUUID()}`;
  ownContents.add(mine);
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    removeStaleLock(path, mine);
    await delay(retryMs);
  }
  try {
    return await work();
  } finally {
    if (contentOf(path) === mine) rmSync(path, { force: true });
    ownContents.delete(mine);
  }
}

function removeStaleLock(path: string, mine: string): void {
  const left = contentOf(path);
  if (left === null || !isStale(path, left)) return;
  // Renaming is atomic. If the file turns out to be a newer lock, restore it.
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
      // Another process took the lock in the meantime, so both hold a lock.
    }
  }
  rmSync(aside, { force: true });
}

function isStale(path: string, content: string): boolean {
  const pid = Number.parseInt(content, 10);
  // The file is empty for a moment while a process writes its lock.
  const age = ageOf(path);
  if (!(pid > 0)) return age > 1000;
  if (age > maxHoldMs) return true;
  // In a restarted container, the process often gets the same id again.
  return pid === process.pid ? !ownContents.has(content) : !isRunning(pid);
}

/** True also for another user's process. */
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
