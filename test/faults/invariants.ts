import { lastChange } from '../../src/domain/alerts/transitions';
import { type AuditEntry, firstBrokenLink } from '../../src/domain/audit/audit-chain';
import { type Approval, isPending } from '../../src/domain/measures/approval';
import { isHeld, isInProgress, isOpenFailure } from '../../src/domain/measures/measure';
import { areDifferentPeople, type Presser } from '../../src/domain/people/person';
import { auditVerifier } from '../../src/runtime/keyring';
import { textOf } from '../support/alerts';
import { until } from '../support/wait';
import { type Fleet, keyring } from './fleet';
import { type Accepted, alertOf, type People } from './people';

/** What a run did, as far as the results depend on it. */
export interface Run {
  /** Logins of the callers; each ran one command. */
  callers: readonly string[];
  accepted: readonly Accepted[];
  /** Cards that Teams may show twice, because it can't be asked what it accepted. */
  possibleCopies: number;
  /** Redis may have lost its last writes. */
  mayLackWrites: boolean;
}

/** Waits up to `seconds` for the work to end: every message in its final state, no job, no delivery, no failed measure. */
export async function settle(fleet: Fleet, people: People, run: Run, seconds: number): Promise<void> {
  const { bench, teams, store, queues, withTeams } = fleet;
  await until(
    'every execution in its final state on every surface',
    () => {
      expectOnePerCaller(run.callers, bench.slack.alerts().map(textOf), Number.POSITIVE_INFINITY);
      if (withTeams) expectOnePerCaller(run.callers, cardsOf(fleet), Number.POSITIVE_INFINITY);
      return true;
    },
    seconds,
  );
  const retried = new Set<string>();
  await until(
    'the work to end',
    async () => {
      const left = (await store.measures.listOpen()).filter((one) => isInProgress(one) || isOpenFailure(one));
      for (const { id, rev, state, alerts } of left) {
        if (state !== 'failed' || retried.has(`${id} ${rev}`) || !alerts[0]) continue;
        retried.add(`${id} ${rev}`);
        await people.settle(alerts[0], 'retry');
      }
      const waiting = Object.entries(await queues.depths())
        .filter(([name]) => ['events', 'check', 'complete', 'deliver', 'respond', 'evidence'].includes(name))
        .filter(([, counts]) => Object.values(counts).some((count) => count > 0));
      const undelivered = await Promise.all(store.surfaces.map(store.deliveries.countUndelivered));
      if (left.length + waiting.length === 0 && undelivered.every((count) => count === 0)) return true;
      throw new Error(
        JSON.stringify({
          left: left.map(({ id, name, state, way, reason, steps }) => ({
            id,
            name,
            state,
            way,
            reason,
            steps,
          })),
          waiting,
          undelivered,
          unexpectedExits: fleet.unexpectedExits,
        }),
      );
    },
    seconds,
  );
  teams.fail(0, 500);
}

/** What must hold once the work has ended. */
export async function expectInvariants(fleet: Fleet, run: Run): Promise<void> {
  const { store, bench, withTeams, unexpectedExits } = fleet;
  expect({ unexpectedExits }).toEqual({ unexpectedExits: [] });
  // Without the note that it was tried, a message is not looked for and is posted again.
  const copies = run.mayLackWrites ? Number.POSITIVE_INFINITY : 0;
  expectOnePerCaller(run.callers, bench.slack.alerts().map(textOf), copies);
  if (withTeams) expectOnePerCaller(run.callers, cardsOf(fleet), copies + run.possibleCopies);
  const alerts = await store.alerts.list({ limit: 1000 });
  expect(alerts).toHaveLength(run.callers.length);

  const entries = await store.audit.read({ limit: 1_000_000 });
  expect(firstBrokenLink(entries, { verify: auditVerifier(keyring.auditPublicKeys()) })).toBeNull();
  expectNothingTwice(entries);
  await expectTwoPeople(fleet, entries);
  await expectTenantAgrees(fleet, run);
  if (run.mayLackWrites) return;
  expectAllAudited(entries, run.accepted);
  await expectMessagesAgree(fleet);
}

const cardsOf = ({ teams }: Fleet) => teams.cards().map(({ card }) => JSON.stringify(card));

function expectOnePerCaller(callers: readonly string[], texts: readonly string[], copies: number): void {
  const final = texts.filter((text) => text.includes('Succeeded'));
  const missing = callers.filter((caller) => !final.some((text) => text.includes(caller)));
  if (missing.length > 0) throw new Error(`missing ${missing} of ${texts.length}`);
  const more = texts.length - callers.length;
  expect({ copies: more <= copies ? 0 : more }).toEqual({ copies: 0 });
}

/** Each press has one outcome, so no two entries tell the same one. */
function expectNothingTwice(entries: readonly AuditEntry[]): void {
  const outcomes = entries
    .filter(({ by, result }) => by.surface !== 'runwatch' && result !== 'started')
    .map(({ at, by, action, alertId, object, result }) =>
      JSON.stringify([at, by.id, action, alertId, object, result]),
    );
  expect(outcomes.filter((one, index) => outcomes.indexOf(one) !== index)).toEqual([]);
}

/** Each accepted press is in the audit log. */
function expectAllAudited(entries: readonly AuditEntry[], accepted: readonly Accepted[]): void {
  const idOf = ({ alertId, by }: { alertId: string | null; by: string }) => `${alertId} ${by}`;
  const audited = new Map<string, Set<string>>();
  for (const { alertId, by, at } of entries) {
    const id = idOf({ alertId, by: by.id });
    audited.set(id, (audited.get(id) ?? new Set()).add(at));
  }
  const pressed = Map.groupBy(accepted, idOf);
  const lacking = [...pressed].filter(([id, presses]) => (audited.get(id)?.size ?? 0) < presses.length);
  expect(lacking).toEqual([]);
}

/** Each isolation was approved by another person than its requester. */
async function expectTwoPeople({ store }: Fleet, entries: readonly AuditEntry[]): Promise<void> {
  const decisions = entries.filter((one) => one.action === 'approve' && one.result === 'done');
  expect(decisions.filter(({ by, details }) => !areDifferentPeople(by, details?.askedBy as Presser))).toEqual(
    [],
  );
  const isolated = entries.filter((one) => one.action === 'isolate' && one.result === 'done');
  expect(new Set(isolated.map(({ at, by }) => `${at} ${by.id}`)).size).toBeLessThanOrEqual(decisions.length);
  // A retry by anyone keeps the approval, and the measure names who retried.
  const retried = entries.filter(({ action }) => action === 'retry').map(({ alertId }) => alertId);
  const alone = (await store.measures.listOpen()).filter(({ way, applied, alerts, ...latest }) => {
    const { by, approvedBy } = way === 'undo' ? (applied ?? latest) : latest;
    const isRetried = alerts.some((id) => retried.includes(id));
    return !approvedBy || (!isRetried && !areDifferentPeople(by, approvedBy));
  });
  expect(alone).toEqual([]);
}

/** The machines whose interfaces have our group are those with an isolation. */
async function expectTenantAgrees({ bench, store }: Fleet, { mayLackWrites }: Run): Promise<void> {
  const isolated = bench.tenant.resources
    .all()
    .filter(({ type }) => /networkInterfaces$/i.test(type))
    .filter(({ properties }) => /\/runwatch-/.test(JSON.stringify(properties.networkSecurityGroup ?? '')))
    .map(({ name }) => name.replace(/-nic\d+$/, ''));
  const held = (await store.measures.listOpen()).filter(isHeld);
  const inForce = held.filter(({ state }) => state === 'in force').map(({ name }) => name);
  // A lost write leaves an isolation without a record, or one that is recorded as drifted.
  if (mayLackWrites) return expect([...new Set(isolated)]).toEqual(expect.arrayContaining(inForce));
  expect([...new Set(isolated)].sort()).toEqual(held.map(({ name }) => name).sort());
}

/** No message shows what the store does not say. */
async function expectMessagesAgree(fleet: Fleet): Promise<void> {
  const { bench, store, teams, withTeams } = fleet;
  for (const alert of await store.alerts.list({ limit: 1000 })) {
    const { measures, approvals } = await store.measures.viewOf(alert);
    const stored = {
      id: alert.id,
      isAcknowledged: alert.state !== 'new' && lastChange(alert, 'acknowledged') !== null,
      isIsolated: measures.some(isHeld),
      asks: approvals.some((one: Approval) => isPending(one, Date.now())),
    };
    const shown = (text: string) => ({
      id: alert.id,
      isAcknowledged: text.includes('Acknowledged by'),
      isIsolated: text.includes('Isolated:'),
      asks: /"(action_id|verb)":"approve"/.test(text),
    });
    expect(shown(textOf(bench.slack.messageOf(alert.id)))).toEqual(stored);
    if (!withTeams) continue;
    // Of a card that Teams shows twice, the copy that is not known stays as it was.
    const cards = teams.cards().filter((one) => alertOf(one.card) === alert.id);
    expect(cards.map(({ card }) => shown(JSON.stringify(card)))).toContainEqual(stored);
  }
}
