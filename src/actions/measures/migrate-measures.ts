import type { Alert } from '../../domain/alerts/alert';
import { genesis } from '../../domain/audit/audit-chain';
import { type Measure, type MeasureStep, measureIdOf, signedPart } from '../../domain/measures/measure';
import type { Presser } from '../../domain/people/person';
import { runwatchActor } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import type { Keyring } from '../../runtime/keyring';
import type { Store } from '../../store/store';
import { assignmentTarget } from '../access/revoke-role';
import { kindOf } from '../registry';
import type { MeasureKind, Target } from './measure-kind';

/** The state that versions before 0.2 stored in the alert. */
interface OldAlert {
  isolation?: OldIsolation | null;
  measures?: {
    lock?: { scope: string; name: string; status: string } | null;
    revocation?: OldRevocation | null;
    deeds?: Record<string, OldAction>;
    waiting?: Record<string, { by: Presser }>;
    pendingException?: { by: Presser } | null;
  } & Record<string, unknown>;
}

interface OldIsolation {
  status: 'isolating' | 'isolated' | 'releasing' | 'released';
  machines: { id: string; name: string; groupId: string }[];
  interfaces: { id: string; machineId: string; before: string | null; cut: boolean }[];
  keep?: string;
}

interface OldRevocation {
  status: 'revoking' | 'revoked' | 'restored';
  scope: string;
  name: string;
  role: string;
  properties: Record<string, unknown>;
}

interface OldAction {
  status: 'doing' | 'done' | 'undoing' | 'undone';
  by: Presser;
  at: string;
  before: Record<string, unknown>;
  passed: number;
  says: string;
}

/** A measure that an older version stored. */
interface LegacyMeasure {
  kind: string;
  target: Target;
  before: Record<string, unknown>;
  by: Presser;
  at: string;
  state: 'in force' | 'do failed' | 'undo failed';
  /** Number of completed steps. */
  passed: number;
}

export interface MigrateDeps {
  store: Store;
  keyring: Keyring;
  now: () => number;
}

const halfDone = 'An older version stopped before it finished';
const pageSize = 500;

/**
 * Converts the state that an older version stored in alerts to measures, so that it is shown and can be
 * undone. Safe to repeat and to run in several processes at once: existing measures are kept.
 */
export async function migrateMeasures({ store, keyring, now }: MigrateDeps): Promise<void> {
  if ((await store.version.get()) >= 2) return;
  const lost: string[] = [];
  let before: number | undefined;
  for (;;) {
    const alerts = await store.alerts.list({ limit: pageSize, ...(before === undefined ? {} : { before }) });
    await store.alerts.index(alerts);
    for (const alert of alerts) lost.push(...(await migrateAlert(alert, { store, keyring })));
    const oldest = alerts.at(-1);
    if (!oldest || alerts.length < pageSize) break;
    const next = Date.parse(oldest.raisedAt);
    before = next === before ? next - 1 : next;
  }
  for (const revocation of await store.version.oldRevocations<OldRevocation>())
    for (const left of fromRevocation(revocation, runwatchActor, new Date(0).toISOString()))
      await put(left, [], { store, keyring });
  lost.push(...(await store.version.oldPendingExceptions()));
  if (lost.length > 0)
    await store.deliveries.addNotice(
      {
        id: 'notice-approvals-before-0.2',
        text: `The upgrade did not keep these pending approval requests. Please request them again:\n${[...new Set(lost)].map((line) => `• ${line}`).join('\n')}`,
      },
      store.surfaces,
    );
  const { sequence, hash } = await store.audit.head();
  // The first signed entry. Its signature covers the unsigned entries before it and shows that they are not
  // the whole log.
  if (sequence === 0 && hash !== genesis)
    await store.audit.append(
      [
        {
          at: new Date(now()).toISOString(),
          by: runwatchActor,
          action: 'audit.signed',
          alertId: null,
          object: null,
          result: 'done',
          why: 'entries are signed from now on',
        },
      ],
      'audit.signed',
    );
  await store.version.dropOld();
  await store.version.set(2);
}

/** Returns the pending requests for a second responder, one per line. */
async function migrateAlert(alert: Alert, deps: Pick<MigrateDeps, 'store' | 'keyring'>): Promise<string[]> {
  const { store } = deps;
  const old = alert as Alert & OldAlert;
  if (old.isolation === undefined && old.measures === undefined) return [];
  const left = oldMeasuresOf(old);
  const waits =
    Object.keys(old.measures?.waiting ?? {}).length > 0 || Boolean(old.measures?.pendingException);
  // Other alerts stay as they are: rewriting each would trigger an update of each.
  if (left.length === 0 && !waits) return [];
  for (const each of left) await put(each, [alert.id], deps);
  await store.alerts.update(alert.id, (current) => {
    if (!current) return null;
    const { isolation: _, measures: __, ...kept } = current as Alert & OldAlert;
    return { alert: kept };
  });
  const { waiting = {}, pendingException } = old.measures ?? {};
  return [
    ...Object.entries(waiting).map(
      ([action, { by }]) => `${plainLine(by.name, 80)}: ${action.replaceAll('_', ' ')} on ${alert.id}`,
    ),
    ...(pendingException
      ? [`${plainLine(pendingException.by.name, 80)}: an exception from ${alert.id}`]
      : []),
  ];
}

function oldMeasuresOf(old: Alert & OldAlert): LegacyMeasure[] {
  const { lock, revocation, deeds = {} } = old.measures ?? {};
  const contained = old.history.findLast(({ to }) => to === 'contained');
  const by = contained?.by ?? runwatchActor;
  const at = contained?.at ?? old.updatedAt;
  const machine = {
    id: old.executions[0]?.target.id ?? '',
    name: plainLine(old.executions[0]?.target.name, 80),
  };
  return [
    ...fromIsolation(old.isolation ?? null, by, at),
    ...(lock?.status === 'locked'
      ? [
          {
            kind: 'lock',
            target: machine,
            before: { scope: lock.scope, name: lock.name, notes: '' },
            by,
            at,
            state: 'in force' as const,
            passed: 1,
          },
        ]
      : []),
    ...(revocation ? fromRevocation(revocation, by, at) : []),
    ...Object.entries(deeds).flatMap(([action, oldAction]) =>
      fromOldAction(action, oldAction, machine, old.id),
    ),
  ];
}

function fromIsolation(isolation: OldIsolation | null, by: Presser, at: string): LegacyMeasure[] {
  if (!isolation || isolation.status === 'released') return [];
  return isolation.machines.flatMap(({ id, name, groupId }) => {
    const own = isolation.interfaces.filter(({ machineId }) => machineId === id);
    const cut = own.filter((nic) => nic.cut).length;
    if (own.length === 0 || (cut === 0 && isolation.status === 'isolated')) return [];
    const whole = isolation.status === 'isolated' && cut === own.length;
    return [
      {
        kind: 'isolation',
        target: { id, name },
        before: {
          machineId: id,
          location: '',
          groupId,
          ...(isolation.keep ? { keep: isolation.keep } : {}),
          interfaces: own.map((nic) => ({ id: nic.id, before: nic.before })),
        },
        by,
        at,
        state: whole
          ? ('in force' as const)
          : isolation.status === 'releasing'
            ? ('undo failed' as const)
            : ('do failed' as const),
        passed: whole ? own.length + 1 : 1,
      },
    ];
  });
}

function fromRevocation(
  { status, scope, name, role, properties }: OldRevocation,
  by: Presser,
  at: string,
): LegacyMeasure[] {
  if (status === 'restored') return [];
  return [
    {
      kind: 'role',
      target: assignmentTarget(scope, name, role),
      before: { scope, name, role, properties },
      by,
      at,
      state: status === 'revoked' ? 'in force' : 'do failed',
      passed: status === 'revoked' ? 1 : 0,
    },
  ];
}

const kinds: Record<string, string> = {
  deallocate: 'power',
  detach_ip: 'public-ip',
  remove_member: 'membership',
  disable_caller: 'account',
  restore: 'disks',
};

function fromOldAction(
  action: string,
  oldAction: OldAction,
  machine: Target,
  alertId: string,
): LegacyMeasure[] {
  const kind = kinds[action];
  if (!kind || oldAction.status === 'undone') return [];
  const { before, by, at, passed, status } = oldAction;
  const text = (field: string) => String(before[field] ?? '');
  const target =
    kind === 'membership'
      ? {
          id: `${text('groupId')} ${text('memberId')}`.toLowerCase(),
          name: `${text('member')} in ${text('group')}`,
        }
      : kind === 'account'
        ? { id: text('id').toLowerCase(), name: text('name') }
        : machine;
  return [
    {
      kind,
      target,
      before: kind === 'disks' ? { ...before, alertId } : before,
      by,
      at,
      state: status === 'done' ? 'in force' : status === 'doing' ? 'do failed' : 'undo failed',
      passed,
    },
  ];
}

async function put(
  left: LegacyMeasure,
  alerts: readonly string[],
  { store, keyring }: Pick<MigrateDeps, 'store' | 'keyring'>,
): Promise<void> {
  const kind = kindOf(left.kind);
  if (!kind) return;
  await store.measures.update(measureIdOf(left.kind, left.target.id), (current) => {
    if (current) {
      const added = alerts.filter((id) => !current.alerts.includes(id));
      return added.length > 0 ? { measure: { ...current, alerts: [...current.alerts, ...added] } } : null;
    }
    const measure = measureFrom(kind, left, alerts);
    return {
      measure: { ...measure, signature: keyring.sign('measure', signedPart(measure as Measure)) },
    };
  });
}

function measureFrom(
  kind: MeasureKind,
  { target, before, by, at, state, passed }: LegacyMeasure,
  alerts: readonly string[],
): Omit<Measure, 'signature'> {
  const undoing = state === 'undo failed';
  const steps = undoing ? (kind.undo?.steps(before) ?? []) : kind.steps(before);
  return {
    id: measureIdOf(kind.kind, target.id),
    kind: kind.kind,
    target: target.id,
    name: target.name,
    subjects: [...kind.subjects(target)],
    rev: 0,
    state: state === 'in force' ? 'in force' : 'failed',
    way: undoing ? 'undo' : 'do',
    action: 'migrated',
    by,
    at,
    changedAt: at,
    press: '',
    alerts: [...alerts],
    before,
    // A step that may have started counts as asked, so that the saved prior state is kept.
    steps: steps.map(
      ({ words }, index): MeasureStep => ({
        words,
        state: state === 'in force' || index < passed ? 'done' : 'asked',
      }),
    ),
    says: state === 'in force' ? kind.says(before) : '',
    ...(state === 'in force' ? {} : { reason: halfDone }),
  };
}
