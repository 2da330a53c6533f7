import { kindOf } from '../actions/registry';
import { type Alert, summarize } from '../domain/alerts/alert';
import { knownMachines, usedScripts } from '../domain/alerts/join-facts';
import { oddTexts, unusualText } from '../domain/alerts/stands-out';
import type { AlertView } from '../domain/measures/alert-view';
import type { Measure } from '../domain/measures/measure';
import { scopeLabel } from '../domain/resources/scope-label';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import type { Action } from './actions';
import { commandsLine } from './fact-lines';
import { findingLine } from './finding-line';
import { type Fact, type Inline, joined } from './inline';
import { behaviorLine } from './script-lines';
import { isContained } from './sentence';

/** A message shows this many facts; the others are in the thread. */
const maxFacts = 3;
const maxItems = 5;

/** The facts that the message shows in the alert's state: the most telling ones, in the usual order. */
export function keyFactsOf(view: AlertView, actions: readonly Action[]): Fact[] {
  const { alert } = view;
  const facts =
    alert.state === 'closed'
      ? [fact(t`Still in place`, stillInPlace(view.measures), 1)]
      : isContained(view)
        ? [
            fact(t`Still possible`, stillPossible(view), 2),
            fact(t`Next`, nextSteps(actions), 2),
            fact(t`Commands`, mixedCommands(alert), 3),
          ]
        : investigated(alert);
  const known = facts.filter((one) => one !== null);
  const shown = new Set([...known].sort((a, b) => b.weight - a.weight).slice(0, maxFacts));
  return known.filter((one) => shown.has(one)).map(({ label, value }) => ({ label, value }));
}

type Weighted = Fact & { weight: number };

const fact = (label: string, value: Inline[] | null, weight: number): Weighted | null =>
  value && value.length > 0 ? { label, value, weight } : null;

function investigated(alert: Alert): (Weighted | null)[] {
  const behavior = behaviorLine(usedScripts(alert));
  const odd = oddTexts(alert);
  return [
    fact(t`Why it stands out`, odd.length > 0 ? items(odd) : [unusualText(alert)], odd.length > 0 ? 3 : 0),
    fact(t`Suspicious behavior`, behavior, 4),
    fact(t`What it exposes`, items(exposed(alert)), 2),
    fact(t`Access path`, joined(accessPath(alert).slice(0, maxItems)), 1),
    fact(t`Commands`, mixedCommands(alert), 5),
    fact(t`Confirmed by`, findingLine(alert), 4),
  ];
}

const items = (texts: readonly string[]): Inline[] =>
  texts.length > 0 ? [texts.slice(0, maxItems).join(' · ')] : [];

/** How many commands ran, were denied and are excepted. Null if all ran: the context line counts those. */
function mixedCommands(alert: Alert): Inline[] | null {
  const { about, denied } = summarize(alert);
  return denied.length > 0 || about.length < alert.executions.length ? commandsLine(alert) : null;
}

/** What the machines' identities and the caller can reach. */
function exposed(alert: Alert): string[] {
  const { access } = alert.facts;
  const { machines } = summarize(alert);
  const powers = new Set(knownMachines(alert).flatMap(({ identityCan }) => identityCan));
  const whose = machines > 1 ? t`the machines’ identities` : t`the machine’s identity`;
  const named = access?.subscriptionName ? t` in ${plainLine(access.subscriptionName, 40)}` : '';
  return [
    ...[...powers].slice(0, 2).map((can) => `${brief(can)} (${whose})`),
    ...(access?.machines
      ? [t`commands on ${counted(access.machines, '# VM', '# VMs')}${named} (caller)`]
      : []),
    ...(access?.alsoCan ?? []).slice(0, 3).map((can) => t`${brief(can)} (caller)`),
  ];
}

/** "read secrets (Key Vault Secrets User at kv-pay)" as "read secrets at kv-pay". */
const brief = (can: string) => plainLine(can.replace(/ \(.* at (.*)\)$/, ' at $1'), 120);

/** "ops-oncall (2 members) → Virtual Machine Contributor → Payments", and what is special about it. */
function accessPath(alert: Alert): Inline[][] {
  const { refused, grantedBy } = summarize(alert);
  const { access } = alert.facts;
  if (refused)
    return [
      [t`denied by Azure; nothing ran`],
      ...(access?.deniedBy ? [[t`deny assignment ${plainLine(access.deniedBy, 80)}`]] : []),
    ];
  const grant = access?.grant ?? grantedBy;
  if (!grant) return [[t`no role assignment found that allows this`]];
  const group = access?.group;
  const members = group?.members == null ? '' : counted(group.members, ' (# member)', ' (# members)');
  const steps = [
    group ? `${plainLine(group.name, 60)}${members}` : '',
    plainLine(grant.role, 80),
    grant.scope ? scopeLabel(grant.scope, access?.subscriptionName).replace(/^subscription /, '') : '',
  ];
  return [
    [steps.filter(Boolean).join(' → ')],
    ...(access?.until ? [[t`activated by PIM until `, { time: access.until }]] : []),
    ...(access?.condition ? [[t`under a condition (not evaluated)`]] : []),
    ...(access?.source === 'resolved' ? [[t`inferred from role assignments`]] : []),
    ...(access?.elsewhere ?? [])
      .slice(0, 2)
      .map(({ subscription, grant }) => [
        t`${grant ? plainLine(grant.role, 60) : t`no role assignment found`} in ${plainLine(subscription, 40)}`,
      ]),
  ];
}

/** What isolation does not stop, unless another measure does. */
function stillPossible({ measures }: AlertView): Inline[] {
  const inForce = (kind: string) => measures.some((one) => one.kind === kind && one.state === 'in force');
  if (inForce('power')) return [];
  return items([t`sessions already open`, ...(inForce('lock') ? [] : [t`further run commands`])]);
}

/** "revoke the role or lock the VM, then snapshot its disks". */
function nextSteps(actions: readonly Action[]): Inline[] {
  const has = (id: string) => actions.some((action) => action.id === id);
  const stop = [has('revoke_role') && t`revoke the role`, has('lock') && t`lock the VM`].filter(Boolean);
  const steps = [stop.join(t` or `), has('snapshot') && t`snapshot its disks`].filter(Boolean);
  return steps.length > 0 ? [steps.join(t`, then `)] : [];
}

const maxNames = 3;

/** The measures that closing left in force, by kind: "vm-pay-01 isolated". */
function stillInPlace(measures: readonly Measure[]): Inline[] {
  const byKind = new Map<string, Measure[]>();
  for (const one of measures)
    if (one.state === 'in force') byKind.set(one.kind, [...(byKind.get(one.kind) ?? []), one]);
  return items(
    [...byKind].map(([id, all]) => {
      const more = all.length > maxNames ? t` and ${all.length - maxNames} more` : '';
      const names = `${all
        .slice(0, maxNames)
        .map(({ name }) => plainLine(name, 64))
        .join(', ')}${more}`;
      const kind = kindOf(id);
      const unsure = all.some(({ checked }) => checked?.verified === false) ? t` (not verified)` : '';
      return `${kind?.stateInForce ? t`${names} ${translate(kind.stateInForce)}` : `${translate(kind?.name ?? id)}: ${names}`}${unsure}`;
    }),
  );
}
