import type { Alert } from '../domain/alerts/alert';
import type { Facts, HistoryFacts, MachineFacts, RunFacts, ScriptFacts } from '../domain/alerts/facts';
import type { Severity } from '../domain/alerts/severity';
import type { Triage } from '../domain/alerts/triage';
import type { Execution } from '../domain/techniques/execution';

interface OldMeasures {
  asked?: Triage['asked'];
  quickException?: Triage['quickException'];
  notes?: Triage['notes'];
  watch?: Triage['watch'];
  escalation?: { at: string; by: Alert['assignee']; opened: { where: string; link: string }[] } | null;
}

/**
 * Parses a stored alert into this version's format. Measures from versions before 0.2 stay on the alert
 * until `actions/migrate-measures.ts` converts them.
 */
export function readAlert(doc: string): Alert {
  const stored = withScoreChanges(JSON.parse(doc) as StoredAlert);
  const alert = stored.exceptionOf ? stored : withFactsByTarget(stored);
  if (alert.triage) return alert;
  const { asked, quickException, notes, watch, escalation } = alert.measures ?? {};
  const triage = {
    ...(asked ? { asked } : {}),
    ...(quickException ? { quickException } : {}),
    ...(notes ? { notes } : {}),
    ...(watch ? { watch } : {}),
    ...(escalation
      ? {
          escalation: {
            at: escalation.at,
            by: escalation.by,
            places: escalation.opened.map(({ where, link }) => ({
              id: placeIds[where] ?? 'webhook',
              where,
              link,
              state: 'opened',
            })),
          },
        }
      : {}),
  } as Triage;
  return { ...alert, triage };
}

/** Versions before 0.2 kept the facts of an alert's first machine and execution only. */
interface OldFacts extends Facts {
  machine?: MachineFacts;
  script?: ScriptFacts & Pick<RunFacts, 'output' | 'exitCode'>;
}

interface OldSeverityChange {
  at: string;
  from: Severity;
  to: Severity;
  reasons: string[];
}

type StoredAlert = Alert & {
  measures?: OldMeasures;
  facts: OldFacts;
  severityChanges?: OldSeverityChange[];
};

/** Earlier versions kept only the severities and the added reasons of a change, or nothing. */
function withScoreChanges(stored: StoredAlert): StoredAlert {
  if (stored.scoreChanges) return stored;
  const { severityChanges = [], ...alert } = stored;
  const scoreChanges = severityChanges.map(({ at, from, to, reasons }) => ({
    at,
    from: { score: null, severity: from },
    to: { score: null, severity: to },
    reasons: reasons.map((text) => ({ id: '', kind: 'added' as const, text })),
  }));
  return { ...alert, scoreChanges };
}

function withFactsByTarget(alert: StoredAlert): StoredAlert {
  const { machine, script, history, ...facts } = alert.facts;
  const [first] = alert.executions;
  const decided = alert.ready ? alert.exception : undefined;
  const { output = null, exitCode = null, ...rest } = script ?? {};
  const held = script && (script.text !== null || script.runAs !== null);
  return {
    ...alert,
    mergedInto: null,
    exceptionOf:
      decided === undefined
        ? {}
        : Object.fromEntries(alert.executions.map(({ key }) => [key, alert.announced ? null : decided])),
    facts: {
      ...facts,
      ...(history ? { history: { ...history, newMachines: newMachines(history, first) } } : {}),
      ...(machine && first ? { machines: { [first.target.id.toLowerCase()]: machine } } : {}),
      ...(script && first
        ? {
            runs: {
              [first.key]: {
                script: held ? 'first' : null,
                output,
                exitCode,
                redacted: [],
                final: first.status !== 'started',
              },
            },
            ...(held ? { scripts: { first: rest as ScriptFacts } } : {}),
          }
        : {}),
    },
  };
}

const newMachines = ({ onThisMachine }: HistoryFacts, first: Execution | undefined): string[] =>
  onThisMachine === 0 && first ? [first.target.id.toLowerCase()] : [];

const placeIds: Record<string, string> = {
  PagerDuty: 'pagerduty',
  'Microsoft Sentinel': 'sentinel',
  'a channel of its own': 'channel',
};
