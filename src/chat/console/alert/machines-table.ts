import { kindOf } from '../../../actions/registry';
import { type Alert, summarize } from '../../../domain/alerts/alert';
import { machineFactsOf, runFactsOf } from '../../../domain/alerts/join-facts';
import type { AlertView } from '../../../domain/measures/alert-view';
import type { Measure } from '../../../domain/measures/measure';
import type { Execution } from '../../../domain/techniques/execution';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { clockHtml } from '../inline-html';
import { stackedTable } from '../stacked-table';

const shownAtOnce = 25;
/** More would make the page too large; the alert's facts count all of them. */
const mostShown = 1500;

/** The commands of an alert with several: each machine's outcome, state and measures. */
export function machinesTable(view: AlertView): Html | false {
  const { alert } = view;
  const { about, machines, executions, denied } = summarize(alert);
  if (alert.executions.length === 1) return false;
  const covered =
    about.length === alert.executions.length
      ? []
      : alert.executions.filter(({ key }) => alert.exceptionOf[key]);
  const all = [...executions, ...denied];
  const held = heldBy(view.measures);
  return html`<h2>${machines > 1 ? counted(machines, '# machine', '# machines') : counted(all.length, '# command', '# commands')}</h2>${tableOf(all, alert, held, machines > 1 ? t`Machines` : t`Commands`)}${
    covered.length > 0 &&
    html`<h3>${t`${covered.length} excepted`}</h3>${tableOf(covered, alert, held, t`Excepted commands`)}`
  }`;
}

/** The measures on each machine, by its id in lower case. */
function heldBy(measures: readonly Measure[]): ReadonlyMap<string, Measure[]> {
  const byMachine = new Map<string, Measure[]>();
  for (const one of measures) {
    const id = one.target.toLowerCase();
    byMachine.set(id, [...(byMachine.get(id) ?? []), one]);
  }
  return byMachine;
}

function tableOf(
  executions: readonly Execution[],
  alert: Alert,
  held: ReadonlyMap<string, Measure[]>,
  label: string,
): Html {
  const columns = [t`Machine`, t`Environment`, t`Outcome`, t`State`, t`Time`];
  const body = (some: readonly Execution[]) =>
    stackedTable(
      label,
      columns,
      some.map((one) => row(one, alert, held)),
    );
  const rest = executions.slice(shownAtOnce, mostShown);
  const left = executions.length - mostShown;
  return html`${body(executions.slice(0, shownAtOnce))}${
    rest.length > 0 &&
    html`<details><summary data-opens-part="machines">${t`${rest.length} more`}</summary>${body(rest)}</details>`
  }${left > 0 && html`<p class="muted">${counted(left, '# more is not listed.', '# more are not listed.')}</p>`}`;
}

function row(execution: Execution, alert: Alert, held: ReadonlyMap<string, Measure[]>): Html[] {
  const { target, refused, status, startedAt, key } = execution;
  const code = runFactsOf(alert, execution)?.exitCode;
  const outcome = refused ? t`denied by Azure` : status === 'started' ? t`running` : translate(status);
  const exception = alert.exceptionOf[key];
  const state = exception
    ? t`excepted by ${plainLine(exception, 60)}`
    : (held.get(target.id.toLowerCase()) ?? []).map(stateOf).filter(Boolean).join(', ');
  return [
    html`${plainLine(target.name, 64)}`,
    html`${machineFactsOf(alert, execution)?.environment ?? '—'}`,
    html`${outcome}${typeof code === 'number' && t`, exit code ${String(code)}`}`,
    html`${state || '—'}`,
    clockHtml(startedAt),
  ];
}

/** "isolated", "Isolate: in progress, 2 of 4 steps", "Isolate: failed". */
function stateOf(measure: Measure): string {
  const { kind, state, steps, checked } = measure;
  const name = translate(kindOf(kind)?.name ?? kind);
  const passed = steps.filter((step) => step.state === 'done').length;
  if (state === 'in force')
    return `${translate(kindOf(kind)?.stateInForce ?? name)}${checked?.verified === false ? t` (not verified)` : ''}`;
  if (state === 'doing' || state === 'undoing')
    return t`${name}: in progress, ${passed} of ${steps.length} steps`;
  if (state === 'failed') return t`${name}: failed`;
  return state === 'drifted' ? t`${name}: drifted` : '';
}
