import { type Alert, summarize } from '../../domain/alerts/alert';
import { mostUrgentFirst, type Severity } from '../../domain/alerts/severity';
import { type OpenState, openStates } from '../../domain/alerts/transitions';
import { is } from '../../domain/resources/resource-id';
import { allTechniques } from '../../domain/techniques/catalogue';
import { type Html, html } from './html';

/** Filter of the alert list; an empty value matches any. */
export interface AlertFilter {
  text: string;
  severity: string;
  state: string;
  technique: string;
}

export function filterOf(query: Record<string, unknown>): AlertFilter {
  const of = (name: string) => (typeof query[name] === 'string' ? (query[name] as string).slice(0, 200) : '');
  return { text: of('q').trim(), severity: of('severity'), state: of('state'), technique: of('technique') };
}

export const isFiltering = (filter: AlertFilter): boolean => Object.values(filter).some(Boolean);

export interface OpenFilter {
  severities: readonly Severity[];
  states: readonly OpenState[];
}

/** The severities and states of the open alerts that the filter may select. */
export const openFilterOf = ({ severity, state }: AlertFilter): OpenFilter => ({
  severities: mostUrgentFirst.filter((one) => !severity || one === severity),
  states: openStates.filter((one) => !state || state === 'open' || one === state),
});

/** Searches the text, ignoring case, in id, caller, machine, resource group, IP address and script. */
export function fits(alert: Alert, { text, severity, state, technique }: AlertFilter): boolean {
  const { caller, target } = summarize(alert);
  const states = { open: alert.state !== 'closed', suppressed: alert.verdict === 'suppressed' };
  const inState = Object.hasOwn(states, state)
    ? states[state as keyof typeof states]
    : is(alert.state, state);
  const named = [
    alert.id,
    caller.name,
    caller.id,
    caller.ip,
    target.id,
    ...Object.values(alert.facts.scripts ?? {}).map(({ text: script }) => script),
    ...alert.executions.map((execution) => execution.target.name),
  ];
  return (
    (!severity || alert.severity === severity) &&
    (!state || inState) &&
    (!technique || alert.technique === technique) &&
    (!text || named.some((name) => name?.toLowerCase().includes(text.toLowerCase())))
  );
}

/** @param most number of alerts that the page shows at most */
export function filterForm(
  filter: AlertFilter,
  { shown, searched, most }: { shown: number; searched: number; most: number },
): Html {
  const limited = shown === most && `Only the newest ${most} are shown.`;
  const select = (name: keyof AlertFilter, label: string, options: readonly (readonly [string, string])[]) =>
    html`<label>${label} <select name="${name}"><option value="">any</option>${options.map(
      ([value, words]) =>
        html`<option value="${value}"${filter[name] === value ? html` selected` : ''}>${words}</option>`,
    )}</select></label>`;
  const plain = (values: readonly string[]) => values.map((value) => [value, value] as const);
  return html`<form method="get" action="/console" class="filter" role="search" aria-label="Filter alerts">
<label>Search <input type="search" name="q" value="${filter.text}" placeholder="caller, machine, IP address, ID, script"></label>
${select('severity', 'Severity', plain(['critical', 'high', 'medium', 'low']))}
${select('state', 'State', plain(['open', 'new', 'acknowledged', 'investigating', 'contained', 'closed', 'suppressed']))}
${select(
  'technique',
  'Technique',
  allTechniques().map(({ id, title }) => [id, title] as const),
)}
<button type="submit">Apply</button> ${isFiltering(filter) && html`<a href="/console">Clear</a> <span class="hint">${shown} of ${searched}</span>`}${limited && html` <span class="hint">${limited}</span>`}
</form>`;
}
