import { randomBytes } from 'node:crypto';
import type { Alert } from '../../domain/alerts/alert';
import type { Facts, FetchedScript } from '../../domain/alerts/facts';
import { Refusal } from '../../domain/alerts/transitions';
import { type Assigned, assignScripts, type RunTime } from '../../domain/fetch-script/assign-scripts';
import { OddAnswer, readList } from '../../domain/fetch-script/read-answers';
import { isHeld, measureIdOf } from '../../domain/measures/measure';
import { is, parseResourceId, typeOf } from '../../domain/resources/resource-id';
import { counted, phrase, t } from '../../domain/text/translate';
import { PermanentError } from '../measures/failures';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, StepContext } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { fetchKind, type OwnRunPlace, runOnMachine } from '../measures/own-runs';
import { type ReadScript, readScript } from '../measures/read-script';
import { isScaleSetInstance, isVirtualMachine, theMachine } from '../targets';

interface Fetch extends OwnRunPlace {
  by?: Assigned['by'];
  scripts?: Assigned['scripts'];
  /** How many more scripts are on the machine that are not read. */
  more?: number;
  /** How many of `scripts` were read. */
  read: number;
  /** Why the first one could not be read. */
  unread?: string;
  /** The machine returned nothing; whether it is isolated. */
  silent?: 'isolated' | 'other';
}

/** Scripts that are read at most, if it can't be told which one it is or if the alert has several commands. */
const maxScripts = 5;

const machineTypes = [
  'Microsoft.Compute/virtualMachines',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
];

/** The runs of action run commands on a machine. Azure stores no script of these. */
const runsOn = ({ executions }: Alert, machineId?: string): RunTime[] =>
  executions
    .filter(
      ({ operation, target, refused }) =>
        !refused &&
        /^Microsoft\.Compute\/.*\/runCommand\/action$/i.test(operation) &&
        (machineId === undefined || is(target.id, machineId)),
    )
    .map(({ key, startedAt, lastEventAt, status }) => ({
      key,
      startedAt: Date.parse(startedAt),
      endedAt: status === 'started' ? null : Date.parse(lastEventAt),
    }));

const fetchScript: MeasureKind<Fetch> = {
  kind: fetchKind,
  name: phrase('Fetch script'),
  passes: true,
  again: true,
  needsUnlocked: true,
  subjects: machineSubjects,
  prepare: async ({ id, name }, press, { azure }) => {
    const parsed = parseResourceId(id);
    if (!parsed || !machineTypes.some((type) => is(type, typeOf(parsed))))
      throw new Refusal(
        t`Scripts can be fetched from virtual machines and scale set instances only. On Arc servers and in clusters, Azure leaves no such files.`,
      );
    const fetcher = await azure.fetcherId();
    if (!fetcher)
      throw new Refusal(
        t`The token of the identity that fetches scripts has no object ID, so Runwatch could not recognize its own run command.`,
      );
    const { location, os, power, agent, locks } = await azure.fetchMachine(id);
    const [lock] = locks;
    if (lock)
      throw new Refusal(
        t`${name} has the ${lock.level} lock ${lock.name}, so the run command could not be written or removed. Remove the lock first.`,
      );
    if (power !== 'running')
      throw new Refusal(
        t`${name} is not running (${power ?? t`state unknown`}), so nothing can be read from it.`,
      );
    if (agent !== null && agent !== 'Ready')
      throw new Refusal(t`The guest agent of ${name} is not ready (${agent}), so it would not run anything.`);
    if (os === null) throw new Refusal(t`Azure doesn’t report the operating system of ${name}.`);
    const token = randomBytes(16).toString('hex');
    return { machineId: id, name, os, location, token, fetcher, alertId: press.alertId, read: 0 };
  },
  steps: ({ name, os }) => [
    { words: t`list the scripts of run commands on ${name} (${os})`, run: listScripts },
    { words: t`read scripts and output in chunks, and remove each run command`, run: readScripts },
    { words: t`score the alert again`, run: ({ rescore, measure }) => rescore(beforeOf(measure).alertId) },
  ],
  says: ({ name, by, scripts = [], silent, more = 0, unread }) => {
    if (silent === 'isolated')
      return t`${name} returned nothing. It is isolated, so its answers may not get out. No script was read.`;
    if (silent) return t`${name} returned nothing. No script was read.`;
    if (scripts.length === 0) return t`No script of a run command is on ${name}.`;
    if (unread) return t`A script on ${name} could not be read: ${unread}.`;
    const rest = more > 0 ? ` ${counted(more, '# more was not read.', '# more were not read.')}` : '';
    const caution = t`An attacker on the machine could have changed these files.`;
    const what =
      by === null
        ? t`It can’t be told which script on ${name} belongs to this alert, so all that were read are shown with their times: ${String(scripts.length)}.`
        : t`Fetched from ${name}: ${counted(scripts.length, '# script', '# scripts')}, assigned by ${by === 'time' ? t`time` : t`order`}.`;
    return `${what}${rest} ${caution}`;
  },
};

const beforeOf = ({ before }: StepContext['measure']) => before as unknown as Fetch;

async function listScripts(context: StepContext): Promise<void> {
  const { measure, store, save } = context;
  if (!measure.approvedBy) throw new PermanentError(t`a second person must approve it`);
  const before = beforeOf(measure);
  const put = (more: Partial<Fetch>) => save({ ...before, ...more });
  const output = await runOnMachine(before, 0, { what: 'list' }, context);
  if (output === null) {
    const isolation = await store.measures.get(measureIdOf('isolation', before.machineId));
    return put({ silent: isolation && isHeld(isolation) ? 'isolated' : 'other', scripts: [] });
  }
  const { candidates, total } = orPermanent(() => readList(output));
  const alert = await alertOf(before.alertId, store);
  const { by, scripts } = assignScripts(candidates, alert ? runsOn(alert, before.machineId) : []);
  const known = by === null && scripts.length === candidates.length ? total : scripts.length;
  const read = scripts.slice(0, maxScripts);
  return put({ by, scripts: read, more: known - read.length });
}

/** An answer that is not what our script prints does not get better by a retry. */
function orPermanent<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof OddAnswer ? new PermanentError(error.message) : error;
  }
}

async function readScripts(context: StepContext): Promise<void> {
  let before = beforeOf(context.measure);
  const { scripts = [] } = before;
  for (const [index, { candidate }] of scripts.entries()) {
    if (index < before.read) continue;
    const found = await readScript(before, index, candidate, context);
    await showOn(before, index, found, context);
    const unread = before.unread ?? found.entry.why;
    before = { ...before, read: index + 1, ...(unread ? { unread } : {}) };
    await context.save({ ...before });
  }
}

/** The alert, or the one that it became part of. */
async function alertOf(id: string, store: StepContext['store']): Promise<Alert | null> {
  const alert = await store.alerts.get(id);
  return alert?.mergedInto ? store.alerts.get(alert.mergedInto) : alert;
}

async function showOn(
  before: Fetch,
  index: number,
  found: ReadScript,
  { store }: StepContext,
): Promise<void> {
  const alert = await alertOf(before.alertId, store);
  if (!alert) return;
  await store.alerts.update(alert.id, (current) =>
    current ? { alert: { ...current, facts: withScript(current.facts, before, index, found) } } : null,
  );
}

/** Facts with one more fetched script. Only one that belongs to a command is used for its score. */
function withScript(facts: Facts, before: Fetch, index: number, { entry, facts: script }: ReadScript): Facts {
  const id = before.machineId.toLowerCase();
  const known = facts.fetched?.[id];
  const sameFetch = known?.token === before.token ? known.scripts : [];
  const key = before.scripts?.[index]?.key ?? null;
  const fetched: FetchedScript = { ...entry, execution: key };
  const run = key ? facts.runs?.[key] : undefined;
  const isNews = key !== null && entry.script !== null && (run?.fetched || !run?.script);
  return {
    ...facts,
    ...(script && entry.script ? { scripts: { ...facts.scripts, [entry.script]: script } } : {}),
    ...(isNews
      ? {
          runs: {
            ...facts.runs,
            [key]: {
              exitCode: null,
              redacted: [],
              final: false,
              ...run,
              script: entry.script,
              output: entry.output ?? run?.output ?? null,
              fetched: true,
            },
          },
        }
      : {}),
    fetched: {
      ...facts.fetched,
      [id]: {
        token: before.token,
        by: before.by ?? null,
        scripts: [...sameFetch.slice(0, index), fetched],
        more: before.more ?? 0,
      },
    },
  };
}

defineMeasureAction<Fetch>({
  id: 'fetch_script',
  group: 'preserve',
  label: phrase('Fetch script…'),
  order: 195,
  summary: phrase(
    'Reads the script and output of a run command from the machine, because Azure doesn’t log them. Runs a fixed, read-only script as root or SYSTEM.',
  ),
  confirm: {
    text: phrase(
      'Runs a fixed, read-only script as root (Linux) or SYSTEM (Windows) through managed run commands, and removes them afterwards. It takes about a minute for each part. A second responder must approve it. An attacker on the machine could have changed the files.',
    ),
    yes: phrase('Fetch script'),
  },
  fourEyes: 'always',
  optIn: ({ fetchScript: on }) => on === true,
  permissions: [
    ...machineTypes.flatMap((type) => [
      `${type}/read`,
      ...['read', 'write', 'delete'].map((verb) => `${type}/runCommands/${verb}`),
    ]),
    'Microsoft.Authorization/locks/read',
  ],
  kind: fetchScript,
  targets: theMachine,
  fits: (view) => (isVirtualMachine(view) || isScaleSetInstance(view)) && runsOn(view.alert).length > 0,
});
