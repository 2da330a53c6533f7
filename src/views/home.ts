import { type Alert, summarize } from '../domain/alerts/alert';
import { openStates } from '../domain/alerts/transitions';
import { lastDay } from '../domain/exceptions/exception';
import { needsReview } from '../domain/exceptions/exception-review';
import { isSamePerson, type Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';
import type { Store } from '../store/store';

/** A section of a person's home page. */
export interface HomePart {
  heading: string;
  lines: string[];
}

const maxListed = 20;
/** Alerts that were never taken have no assignee. */
const takenStates = openStates.filter((state) => state !== 'new');
const maxTaken = 2000;

/** A person's home page: their alerts, open alerts, exceptions to review, and subscriptions. */
export async function homeFor(presser: Presser, store: Store, now: number): Promise<HomePart[]> {
  const [open, counts, taken, exceptions, subscriptions] = await Promise.all([
    store.alerts.listOpen({ limit: maxListed }),
    store.alerts.openCounts(),
    store.alerts.listOpen({ limit: maxTaken, states: takenStates }),
    store.exceptions.list(),
    store.polls.subscriptions(),
  ]);
  const mine = taken.filter((alert) => alert.assignee !== null && isSamePerson(alert.assignee, presser));
  const review = exceptions.filter((exception) => needsReview(exception, now));
  return [
    part('My alerts', mine.map(line), 'No alerts are assigned to you.'),
    part(
      'Open alerts',
      open.map(line),
      'No alerts are open.',
      counts.reduce((sum, { count }) => sum + count, 0),
    ),
    part(
      'Exceptions to review',
      review.map(
        (e) =>
          `${e.id} expires ${lastDay(e.expires)}, owner ${plainLine(e.owner, 60)}: ${plainLine(e.reason, 100)}`,
      ),
      'No exceptions expire within a week.',
    ),
    part(
      'Subscriptions',
      subscriptions.map(
        (s) =>
          `${plainLine(s.name || s.id, 80)}: ${s.error ? plainLine(s.error, 160) : `last read ${s.lastPollAt ?? 'never'}`}`,
      ),
      'No subscriptions are known yet.',
    ),
  ];
}

/** @param total number of entries, if `lines` has only the first ones */
function part(heading: string, lines: string[], none: string, total = lines.length): HomePart {
  const rest = total > maxListed ? [`… and ${total - maxListed} more`] : [];
  return {
    heading: `${heading} (${total})`,
    lines: lines.length > 0 ? [...lines.slice(0, maxListed), ...rest] : [none],
  };
}

function line(alert: Alert): string {
  const { technique, target, caller } = summarize(alert);
  return `${alert.id} · ${alert.severity} ${alert.score} · ${technique.title} on ${plainLine(target.name, 60)} by ${plainLine(caller.name, 80)} · ${alert.state}`;
}
