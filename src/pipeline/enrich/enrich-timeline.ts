import { holdersOn } from '../../domain/activity/machine-identity';
import { callerKeyOf, summarize } from '../../domain/alerts/alert';
import type { TimelineEntry } from '../../domain/alerts/facts';
import { knownMachines } from '../../domain/alerts/join-facts';
import { is } from '../../domain/resources/resource-id';
import { detectTechnique } from '../../domain/techniques/catalogue';
import { targetOf } from '../../domain/techniques/target';
import { phrase, t } from '../../domain/text/translate';
import { identityOwner, type TimelineEvent } from '../../store/events/timeline-store';
import type { Part } from './enrichment-part';

const hour = 3_600_000;
/** Time range of the timeline around an execution. */
const windowMs = { before: hour, after: 2 * hour };
const shownEntries = 40;
/** Of a burst, how many machines and identities are followed. */
const followedMachines = 20;

/** Other activity of this caller, on this machine and by its identity, from 1 h before to 2 h after. */
export const timeline: Part = {
  what: phrase('the timeline'),
  ask: async (alert, { store }) => {
    const { caller, target, executions, startedAt, lastEventAt } = summarize(alert);
    const from = Date.parse(startedAt) - windowMs.before;
    const watched = Date.parse(alert.triage.watch?.until ?? '') || 0;
    const to = Math.max(Date.parse(lastEventAt) + windowMs.after, watched);
    const machines = [...new Set(executions.map((each) => each.target.id.toLowerCase()))];
    const identities = knownMachines(alert).flatMap((machine) => machine.identities);
    const followed = machines.slice(0, followedMachines);
    const owners = [
      callerKeyOf(caller),
      ...followed,
      ...new Set(followed.flatMap(holdersOn).map(identityOwner)),
      ...identities.slice(0, followedMachines).map((id) => id.toLowerCase()),
    ];
    const found = await store.timeline.follow(owners, alert.id, from, to);
    const own = new Set(alert.executions.flatMap((execution) => execution.eventIds));
    const others = found.filter(({ id }) => !own.has(id));
    const checked = others.filter(({ operation }) => isChecked(operation)).map(({ id }) => id);
    return { timeline: gather(others, target.id, await store.checks.notesOf(checked)) };
  },
};

const notable =
  /roleassignments|roledefinitions|extensions\/write|runcommand|networksecuritygroups|securityrules|snapshots|begingetaccess|listkeys|listsecrets|getsecret|vaults\/accesspolicies|\/delete$|locks|serialconsole|federatedidentitycredentials|diagnosticsettings/i;

/** Techniques that are off count too. What would have to be confirmed first does not. */
function isDetected(operation: string): boolean {
  return detectTechnique(operation) !== null && !isChecked(operation);
}

function isChecked(operation: string): boolean {
  const detected = detectTechnique(operation);
  return detected?.technique.check?.operations.includes(detected.operation) ?? false;
}

/**
 * Sorts oldest first and merges equal consecutive events into one entry with a count. If there are too many, the
 * oldest go that are not notable.
 */
function gather(
  happenings: readonly TimelineEvent[],
  targetId: string,
  notes: ReadonlyMap<string, string>,
): TimelineEntry[] {
  const sorted = [...happenings].sort((a, b) => (a.at < b.at ? -1 : 1));
  const out: TimelineEntry[] = [];
  for (const { id, at, who, operation, resourceId, status } of sorted) {
    const machine = targetOf(resourceId);
    const entry: TimelineEntry = {
      at,
      who,
      operation,
      on: machine.name,
      status,
      count: 1,
      notable: notable.test(operation) || isDetected(operation),
      ...(notes.has(id) ? { note: notes.get(id) } : {}),
    };
    if (isDetected(operation) && !is(machine.id, targetId)) entry.on = t`${machine.name} (also targeted)`;
    const last = out.at(-1);
    if (
      last &&
      last.who === who &&
      is(last.operation, operation) &&
      last.on === entry.on &&
      last.status === status &&
      last.note === entry.note
    )
      last.count++;
    else out.push(entry);
  }
  const spare = Math.max(0, out.length - shownEntries);
  const dropped = new Set(out.filter((entry) => !entry.notable).slice(0, spare));
  return out.filter((entry) => !dropped.has(entry)).slice(-shownEntries);
}
