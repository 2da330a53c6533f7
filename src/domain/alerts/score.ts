import { inWindow, type TimeWindow } from '../exceptions/time-window';
import type { Execution } from '../techniques/execution';
import { counted, t, translate } from '../text/translate';
import { networkOf } from './address-text';
import { type Alert, callerKeyOf, summarize } from './alert';
import { evidenceReasons } from './evidence-reasons';
import { minBurstMachines } from './groups';
import { type Known, knownMachines, usedScripts } from './join-facts';
import { type Reason, type Severity, severityOf } from './severity';

/** Points per reason. `score` in RUNWATCH_CONFIG overrides them. */
export const defaultPoints = {
  failed: -15,
  refused: -20,
  burst: 15,
  firstOnMachine: 15,
  unusualHour: 10,
  outsideWorkingHours: 10,
  newAddress: 8,
  newNetwork: 7,
  refusalsBefore: 12,
  passwordOnly: 12,
  guest: 10,
  selfAssigned: 20,
  riskySignIn: 20,
  callerAtRisk: 15,
  accountChanged: 10,
  scriptTrait: 15,
  privilegedIdentity: 10,
  exposedMachine: 5,
  production: 5,
  test: -20,
  watchlist: 25,
  callerDenied: 60,
};
export type Points = Record<keyof typeof defaultPoints, number>;

/** Scoring input besides the alert. */
export interface ScoreContext {
  points: Points;
  workingHours?: TimeWindow | undefined;
  /** Callers and machines on the configured watchlist. */
  watchlist?: { callers?: string[] | undefined; targets?: string[] | undefined } | undefined;
  /** Lower-case keys of callers, machines and scripts that responders watch, with the start of the watch, ms. */
  watched?: ReadonlyMap<string, number> | undefined;
}

/** With fewer days of history, nothing counts as new. */
const minHistoryDays = 7;

type Scored = Known & { triage?: Alert['triage'] };

/**
 * Scores the executions of an alert that no exception covers, from 0 to 100. The reasons' points add up to
 * the score unless it was clamped.
 */
export function scoreOf(
  alert: Scored,
  context: ScoreContext = { points: defaultPoints },
): { score: number; severity: Severity; reasons: Reason[] } {
  const { technique } = summarize(alert);
  const reasons: Reason[] = [{ id: 'technique', points: technique.baseScore, text: technique.title }];
  for (const [name, text] of applying(alert, context)) {
    const points = context.points[name];
    if (points !== 0) reasons.push({ id: name, points, text });
  }
  const sum = reasons.reduce((total, reason) => total + reason.points, 0);
  const score = Math.max(0, Math.min(100, sum));
  return { score, severity: severityOf(score), reasons };
}

function applying(alert: Scored, context: ScoreContext): [keyof Points, string][] {
  const { status, refused, machines, executions, caller, startedAt } = summarize(alert);
  const { history, who, signIns } = alert.facts;
  const known = knownMachines(alert);
  const scripts = usedScripts(alert).map(({ script }) => script);
  const traits = [...new Set(scripts.flatMap((script) => script.traits.map(({ name }) => name)))];
  const exposed = known.filter(({ openPorts }) => openPorts && openPorts.length > 0);
  const ports = [...new Set(exposed.flatMap(({ openPorts }) => openPorts ?? []))];
  const privileged = known.filter(({ identityCan }) => identityCan.length > 0);
  const own = new Set(executions.map((each) => each.target.id.toLowerCase()));
  const newMachines = (history?.newMachines ?? []).filter((id) => own.has(id)).length;
  const production = known.filter(({ environment }) => isProduction(environment));
  const allTest = known.length === machines && known.every(({ environment }) => isTest(environment));
  /** " on 3 of 12 machines", if the alert is about several. */
  const on = (count: number) => (machines > 1 ? t` on ${count} of ${machines} machines` : '');
  const hasHistory = history !== undefined && history.days >= minHistoryDays;
  const out: [keyof Points, string][] = [];
  const { asked } = alert.triage ?? {};
  const add = (name: keyof Points, when: boolean | undefined, text: string) => when && out.push([name, text]);
  add('refused', refused, t`denied by Azure: nothing ran`);
  add('failed', status === 'failed' && !refused, t`failed`);
  add('burst', executions.length >= minBurstMachines, burstText(executions, machines));
  add(
    'firstOnMachine',
    hasHistory && newMachines > 0,
    t`first time${machines > 1 ? on(newMachines) : t` on this machine`} (0 in ${counted(history?.days ?? 0, '# day', '# days')})`,
  );
  add('unusualHour', history?.usualHour === false, t`outside usual hours`);
  add(
    'outsideWorkingHours',
    context.workingHours && !inWindow(context.workingHours, new Date(startedAt)),
    t`outside ${context.workingHours?.from ?? ''}–${context.workingHours?.to ?? ''}`,
  );
  add('newAddress', hasHistory && caller.ip !== null && !history.addressSeen, t`new IP address`);
  add('newNetwork', hasHistory && history.networkSeen === false, t`new network: ${networkOf(alert)}`);
  add(
    'refusalsBefore',
    (history?.refusalsBefore ?? 0) > 0,
    counted(history?.refusalsBefore ?? 0, '# denied attempt just before', '# denied attempts just before'),
  );
  add('passwordOnly', who?.weakSignIn, t`no MFA`);
  const { riskySignIn, callerAtRisk, accountChanged } = evidenceReasons(signIns, startedAt);
  add('riskySignIn', Boolean(riskySignIn), riskySignIn ?? '');
  add('callerAtRisk', Boolean(callerAtRisk), callerAtRisk ?? '');
  add('accountChanged', Boolean(accountChanged), accountChanged ?? '');
  add('guest', who?.guest, t`guest account`);
  add('selfAssigned', alert.facts.access?.selfAssigned, t`assigned the role to themselves`);
  add('scriptTrait', traits.length > 0, t`script ${traits.map(translate).join(', ')}`);
  add(
    'privilegedIdentity',
    privileged.length > 0,
    machines > 1 ? t`a privileged identity${on(privileged.length)}` : t`the machine's identity is privileged`,
  );
  add(
    'exposedMachine',
    exposed.length > 0,
    t`port ${ports.join(', ')} open to the internet${on(exposed.length)}`,
  );
  add('production', production.length > 0, `${t`production`}${on(production.length)}`);
  add('test', allTest, t`${known[0]?.environment} environment`);
  const watched = (list: readonly string[] | undefined, names: (string | null)[]) =>
    list?.some((entry) => names.some((name) => name?.toLowerCase() === entry.toLowerCase()));
  add('callerDenied', asked?.answer === 'no', t`${asked?.name} says it was not them`);
  add(
    'watchlist',
    watched(context.watchlist?.callers, [caller.name, caller.id, caller.appId]) ||
      executions.some((each) => watched(context.watchlist?.targets, [each.target.name, each.target.id])) ||
      [callerKeyOf(caller), ...own, ...scripts.map(({ sha256 }) => sha256 ?? '')].some(
        (key) => (context.watched?.get(key) ?? Number.POSITIVE_INFINITY) <= Date.parse(startedAt),
      ),
    t`on the watchlist`,
  );
  return out;
}

function burstText(executions: readonly Execution[], machines: number): string {
  const starts = executions.map(({ startedAt }) => Date.parse(startedAt));
  const minutes = Math.floor(
    (starts.reduce((a, b) => Math.max(a, b)) - starts.reduce((a, b) => Math.min(a, b))) / 60_000,
  );
  const what =
    machines >= minBurstMachines
      ? counted(machines, '# machine', '# machines')
      : counted(executions.length, '# command', '# commands');
  return t`${what} in ${minutes < 1 ? t`a minute` : counted(minutes + 1, '# minute', '# minutes')}`;
}

const isProduction = (environment: string | null | undefined) => /^prod/i.test(environment ?? '');
const isTest = (environment: string | null | undefined) =>
  /^(test|dev|development|sandbox|staging|qa)$/i.test(environment ?? '');
