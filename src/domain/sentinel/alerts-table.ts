import { type Alert, summarize } from '../alerts/alert';
import { callerName } from '../alerts/caller-name';
import { knownMachines, leadScript, usedScripts } from '../alerts/join-facts';
import { type TimingStep, timingOf } from '../alerts/timing';
import { translate } from '../text/translate';
import { type Column, generatedAt, noteColumn, type SentinelTable } from './sentinel-table';

/** A change of an alert, and the alert as it is now. */
export interface AlertSource {
  alert: Alert;
  /** `alert.raised`, `alert.changed` or `alert.closed`; `alert.resent` in place of changes that are no longer kept. */
  change: string;
  /** The change's place in the feed. */
  changeId: string;
  /** When it changed, ms. */
  at: number;
  link: string | null;
  now: number;
}

/** A burst may have a thousand machines. MachineCount has their number. */
const maxMachines = 100;

const column = (type: Column<AlertSource>['type'], of: Column<AlertSource>['of']): Column<AlertSource> => ({
  type,
  of,
});

function timeOf(step: TimingStep, { alert }: AlertSource): string | null {
  const ms = timingOf(alert)[step];
  return ms === null ? null : new Date(Date.parse(alert.raisedAt) + ms).toISOString();
}

/** The alerts: each change adds a row, and the row with the highest Rev is the alert as it is now. */
export const alertsTable: SentinelTable<AlertSource> = {
  name: 'RunwatchAlerts_CL',
  core: ['TimeGenerated', 'ChangedAt', 'ChangeId', 'Change', 'AlertId', 'Rev'],
  columns: {
    TimeGenerated: column('datetime', ({ at, now }) => generatedAt(at, now)),
    ChangedAt: column('datetime', ({ at }) => new Date(at).toISOString()),
    ChangeId: column('string', ({ changeId }) => changeId),
    Change: column('string', ({ change }) => change),
    AlertId: column('string', ({ alert }) => alert.id),
    Rev: column('long', ({ alert }) => alert.rev),
    RaisedAt: column('datetime', ({ alert }) => alert.raisedAt),
    StartedAt: column('datetime', ({ alert }) => summarize(alert).startedAt),
    LastEventAt: column('datetime', ({ alert }) => summarize(alert).lastEventAt),
    AcknowledgedAt: column('datetime', (source) => timeOf('acknowledge', source)),
    ContainedAt: column('datetime', (source) => timeOf('contain', source)),
    ClosedAt: column('datetime', (source) => timeOf('close', source)),
    Severity: column('string', ({ alert }) => alert.severity),
    Score: column('int', ({ alert }) => alert.score),
    State: column('string', ({ alert }) => alert.state),
    ClosedAs: column('string', ({ alert }) => alert.closedAs),
    MergedInto: column('string', ({ alert }) => alert.mergedInto),
    Assignee: column('string', ({ alert }) => alert.assignee?.name),
    Technique: column('string', ({ alert }) => alert.technique),
    TechniqueTitle: column('string', ({ alert }) => summarize(alert).technique.title),
    Attack: column('dynamic', ({ alert }) => summarize(alert).technique.mitre),
    Caller: column('string', ({ alert }) => callerName(alert)),
    CallerLogin: column('string', ({ alert }) => summarize(alert).caller.name),
    CallerId: column('string', ({ alert }) => summarize(alert).caller.id),
    CallerAppId: column('string', ({ alert }) => summarize(alert).caller.appId),
    CallerType: column('string', ({ alert }) => summarize(alert).caller.type),
    CallerIp: column('string', ({ alert }) => summarize(alert).caller.ip),
    SubscriptionId: column('string', ({ alert }) => summarize(alert).target.subscriptionId),
    Machines: column('dynamic', ({ alert }) =>
      [...new Set(summarize(alert).executions.map(({ target }) => target.id))].slice(0, maxMachines),
    ),
    MachineCount: column('int', ({ alert }) => summarize(alert).machines),
    Environments: column('dynamic', ({ alert }) => [
      ...new Set(knownMachines(alert).flatMap(({ environment }) => environment ?? [])),
    ]),
    Executions: column('int', ({ alert }) => summarize(alert).executions.length),
    Denied: column('int', ({ alert }) => summarize(alert).about.filter(({ refused }) => refused).length),
    Status: column('string', ({ alert }) => (summarize(alert).refused ? 'denied' : summarize(alert).status)),
    Reasons: column('dynamic', ({ alert }) => alert.reasons.map(({ text, points }) => ({ text, points }))),
    Traits: column('dynamic', ({ alert }) => [
      ...new Set(
        usedScripts(alert).flatMap(({ script }) => script.traits.map(({ name }) => translate(name))),
      ),
    ]),
    Script: column('string', ({ alert }) => leadScript(alert)?.text),
    ScriptSha256: column('string', ({ alert }) => leadScript(alert)?.sha256),
    Link: column('string', ({ link }) => link),
    [noteColumn]: column('string', () => null),
  },
};
