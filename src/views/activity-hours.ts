import type { ActivityRow } from '../chat/console/activity-page';
import { localTime } from '../domain/exceptions/time-window';
import type { History } from '../store/events/history';

const keptMs = 90 * 86_400_000;
const shown = 40;

/** Executions of the last 90 days by caller and local hour. Excludes denied attempts. */
export async function activity(
  history: Pick<History, 'callers' | 'before'>,
  zone: string,
  now: number,
): Promise<{ rows: ActivityRow[]; zone: string }> {
  const callers = await history.callers(now - keptMs, shown);
  const rows = await Promise.all(
    callers.map(async ({ key, name }) => {
      const hours = new Array<number>(24).fill(0);
      for (const { at, refused } of await history.before(key, now)) {
        const hour = Math.floor(localTime(new Date(at), zone).minutes / 60);
        if (!refused) hours[hour] = (hours[hour] ?? 0) + 1;
      }
      return { name, hours };
    }),
  );
  return { rows, zone };
}
