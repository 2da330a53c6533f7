import { inWindow, type TimeWindow } from '../exceptions/time-window';
import { type Alert, callerKeyOf, summarize } from './alert';
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
  refusalsBefore: 12,
  passwordOnly: 12,
  guest: 10,
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

/** Scores an alert from 0 to 100. The reasons' points add up to the score unless it was clamped. */
export function scoreOf(
  alert: Pick<Alert, 'executions' | 'facts'> & { triage?: Alert['triage'] },
  context: ScoreContext = { points: defaultPoints },
): { score: number; severity: Severity; reasons: Reason[] } {
  const { technique } = summarize(alert);
  const reasons: Reason[] = [{ points: technique.baseScore, text: technique.title }];
  for (const [name, text] of applying(alert, context)) {
    const points = context.points[name];
    if (points !== 0) reasons.push({ points, text });
  }
  const sum = reasons.reduce((total, reason) => total + reason.points, 0);
  const score = Math.max(0, Math.min(100, sum));
  return { score, severity: severityOf(score), reasons };
}

function applying(
  alert: Pick<Alert, 'executions' | 'facts'> & { triage?: Alert['triage'] },
  context: ScoreContext,
): [keyof Points, string][] {
  const { status, refused, machines, caller, startedAt, lastEventAt, target } = summarize(alert);
  const { history, who, script, machine } = alert.facts;
  const minutes = Math.floor((Date.parse(lastEventAt) - Date.parse(startedAt)) / 60_000);
  const known = history !== undefined && history.days >= minHistoryDays;
  const out: [keyof Points, string][] = [];
  const { asked } = alert.triage ?? {};
  const add = (name: keyof Points, when: boolean | undefined, text: string) => when && out.push([name, text]);
  add('refused', refused, 'denied by Azure: nothing ran');
  add('failed', status === 'failed' && !refused, 'failed');
  add(
    'burst',
    machines > 1,
    `${machines} machines in ${minutes < 1 ? 'a minute' : `${minutes + 1} minutes`}`,
  );
  add(
    'firstOnMachine',
    known && history.onThisMachine === 0,
    `first time on this machine (0 in ${history?.days} days)`,
  );
  add('unusualHour', history?.usualHour === false, 'outside usual hours');
  add(
    'outsideWorkingHours',
    context.workingHours && !inWindow(context.workingHours, new Date(startedAt)),
    `outside ${context.workingHours?.from ?? ''}–${context.workingHours?.to ?? ''}`,
  );
  add('newAddress', known && caller.ip !== null && !history.addressSeen, 'new IP address');
  add(
    'refusalsBefore',
    (history?.refusalsBefore ?? 0) > 0,
    `${history?.refusalsBefore} denied ${history?.refusalsBefore === 1 ? 'attempt' : 'attempts'} just before`,
  );
  add('passwordOnly', who?.weakSignIn, 'no MFA');
  add('guest', who?.guest, 'guest account');
  add(
    'scriptTrait',
    (script?.traits.length ?? 0) > 0,
    `script ${script?.traits.map((trait) => trait.name).join(', ')}`,
  );
  add('privilegedIdentity', (machine?.identityCan.length ?? 0) > 0, "the machine's identity is privileged");
  add(
    'exposedMachine',
    (machine?.openPorts?.length ?? 0) > 0,
    `port ${machine?.openPorts?.join(', ')} open to the internet`,
  );
  add('production', isProduction(machine?.environment), 'production');
  add('test', isTest(machine?.environment), `${machine?.environment} environment`);
  const watched = (list: readonly string[] | undefined, names: (string | null)[]) =>
    list?.some((entry) => names.some((name) => name?.toLowerCase() === entry.toLowerCase()));
  add('callerDenied', asked?.answer === 'no', `${asked?.name} says it was not them`);
  add(
    'watchlist',
    watched(context.watchlist?.callers, [caller.name, caller.id, caller.appId]) ||
      watched(context.watchlist?.targets, [target.name, target.id]) ||
      [callerKeyOf(caller), target.id.toLowerCase(), script?.sha256 ?? ''].some(
        (key) => (context.watched?.get(key) ?? Number.POSITIVE_INFINITY) <= Date.parse(startedAt),
      ),
    'on the watchlist',
  );
  return out;
}

const isProduction = (environment: string | null | undefined) => /^prod/i.test(environment ?? '');
const isTest = (environment: string | null | undefined) =>
  /^(test|dev|development|sandbox|staging|qa)$/i.test(environment ?? '');
