import { addressText } from '../domain/alerts/address-text';
import { type Alert, exceptedBy, summarize } from '../domain/alerts/alert';
import { homeText } from '../domain/alerts/caller-name';
import type { HistoryFacts, MachineFacts, Who } from '../domain/alerts/facts';
import { firstMachine, knownMachines, usedScripts } from '../domain/alerts/join-facts';
import { oddReasons, rarities, unusualText } from '../domain/alerts/stands-out';
import type { Execution } from '../domain/techniques/execution';
import { plainLine } from '../domain/text/plain-text';
import { counted, t } from '../domain/text/translate';
import { accessLine } from './access-line';
import { extensionLine } from './extension-line';
import { findingLine } from './finding-line';
import type { Fact, Inline } from './inline';
import { likeClosedLine } from './like-closed-line';
import { scoreLine } from './score-lines';
import { behaviorLine, outputLine, scriptsLine } from './script-lines';
import { missingOf, unavailableText } from './unavailable';

/** Answers an analyst's questions in the usual order. Omits lines without content. */
export function factsOf(alert: Alert, now: number): Fact[] {
  const { machines, executions } = summarize(alert);
  const { who, history } = alert.facts;
  const scripts = usedScripts(alert);
  const lines: [string, Inline[] | null][] = [
    [t`Access path`, accessLine(alert, now)],
    [t`Who`, who ? whoLine(alert, who) : originLine(alert)],
    [t`Why it stands out`, unusual(alert)],
    [t`Prevalence`, prevalenceLine(alert)],
    [t`Similar alerts`, likeClosedLine(alert)],
    [t`What it exposes`, exposureLine(alert)],
    [t`Commands`, commandsLine(alert)],
    [t`Machines`, machines > 1 ? machineList(executions) : null],
    [t`Where`, machines > 1 ? locationsLine(alert) : locationLine(alert, firstMachine(alert))],
    [t`Extension`, extensionLine(alert)],
    [t`Confirmed by`, findingLine(alert)],
    [scripts.length > 1 ? t`Scripts` : t`Script`, scriptsLine(alert, scripts)],
    [t`Suspicious behavior`, behaviorLine(scripts)],
    [t`Output`, executions.length === 1 ? outputLine(alert) : null],
    [t`30 days`, bar(alert, history)],
    [t`Score`, scoreLine(alert)],
    ...missingOf(alert.facts).map((part): [string, Inline[]] => [t`Unavailable`, [unavailableText(part)]]),
  ];
  return lines.flatMap(([label, value]) => (value && value.length > 0 ? [{ label, value }] : []));
}

function originLine(alert: Alert): Inline[] {
  const { caller } = summarize(alert);
  const kind = {
    User: '',
    ServicePrincipal: t`an application`,
    ManagedIdentity: t`a managed identity`,
    Unknown: t`an unknown kind of caller`,
  }[caller.type];
  return [
    [kind, homeText(alert), caller.ip ? t`from ${addressText(alert)}` : ''].filter(Boolean).join(' · '),
  ].filter(Boolean);
}

function whoLine(alert: Alert, who: Who): Inline[] {
  const { caller } = summarize(alert);
  const parts = [
    who.name && who.name !== caller.name ? plainLine(who.name, 80) : '',
    who.jobTitle ? plainLine(who.jobTitle, 80) : '',
    who.guest ? t`a guest` : '',
    who.enabled === false ? t`the account is disabled` : '',
    who.owners.length > 0 ? t`owned by ${who.owners.map((owner) => plainLine(owner, 60)).join(', ')}` : '',
    ...originLine(alert).map(String),
    who.application ? t`by ${plainLine(who.application, 80)}` : '',
    signInLine(who),
    who.hint ? `(${who.hint})` : '',
  ];
  return [parts.filter(Boolean).join(' · ')];
}

function signInLine({ signIn, weakSignIn }: Who): string {
  if (weakSignIn) return t`no MFA`;
  if (!signIn) return '';
  return t`signed in with ${/\bmfa\b/i.test(signIn) ? 'MFA' : plainLine(signIn, 60)}`;
}

function unusual(alert: Alert): Inline[] {
  const points = oddReasons(alert).map((reason) => `+${reason.points}`);
  return [`${unusualText(alert)}${points.length > 0 ? `   ${points.join(' ')}` : ''}`];
}

/** How common the script is, and what was not seen lately. */
function prevalenceLine(alert: Alert): Inline[] | null {
  const texts = rarities(alert).map(({ text }) => plainLine(text, 200));
  return texts.length > 0 ? [texts.join(' · ')] : null;
}

function exposureLine(alert: Alert): Inline[] | null {
  const { access } = alert.facts;
  const { machines } = summarize(alert);
  const privileged = knownMachines(alert).filter(({ identityCan }) => identityCan.length > 0);
  const powers = [...new Set(privileged.flatMap(({ identityCan }) => identityCan))];
  const whose =
    machines > 1 ? t`the identities of ${privileged.length} of the machines` : t`the machine’s own identity`;
  const parts = [
    powers.length > 0
      ? t`${whose} can ${powers
          .slice(0, 3)
          .map((can) => plainLine(can, 150))
          .join('; ')}`
      : '',
    access?.alsoCan.length
      ? t`the caller can also ${access.alsoCan
          .slice(0, 4)
          .map((can) => plainLine(can, 150))
          .join('; ')}`
      : '',
    access?.machines
      ? counted(
          access.machines,
          'the caller can run commands on # machine of this subscription',
          'the caller can run commands on # machines of this subscription',
        )
      : '',
  ].filter(Boolean);
  return parts.length > 0 ? [parts.join(' · ')] : null;
}

/** How many commands there were, and what became of them. The numbers add up. */
export function commandsLine(alert: Alert): Inline[] | null {
  const { executions, denied, machines, about, refused } = summarize(alert);
  const total = alert.executions.length;
  if (total < 2) return null;
  const excepted = exceptedBy(alert);
  const coversAll = about.length === total;
  const on = machines > 1 ? counted(machines, ' on # machine', ' on # machines') : '';
  const parts = [
    refused
      ? t`${executions.length} denied${on}`
      : t`${executions.length} ran${on} (${outcomesOf(executions)})`,
    denied.length > 0 ? t`${denied.length} denied${onMachines(denied)}` : '',
    !coversAll
      ? t`${total - about.length} excepted (${excepted
          .slice(0, 5)
          .map(({ exception, count }) => t`${count} by ${plainLine(exception, 60)}`)
          .join(', ')}${excepted.length > 5 ? ', …' : ''})`
      : '',
  ].filter(Boolean);
  return [parts.length === 1 ? parts.join('') : t`${total} in all: ${parts.join(', ')}`];
}

function onMachines(executions: readonly Execution[]): string {
  const names = new Set(executions.map(({ target }) => plainLine(target.name, 64)));
  return names.size > 1
    ? counted(names.size, ' on # machine', ' on # machines')
    : t` on ${[...names].join('')}`;
}

/** "280 succeeded, 15 failed, 5 still running". */
export function outcomesOf(executions: readonly Execution[]): string {
  const count = (status: Execution['status']) => executions.filter((e) => e.status === status).length;
  const parts: [number, string][] = [
    [count('succeeded'), t`succeeded`],
    [count('failed'), t`failed`],
    [count('started'), t`still running`],
  ];
  return parts
    .filter(([number]) => number > 0)
    .map(([number, outcome]) => t`${number} ${outcome}`)
    .join(', ');
}

function locationLine(alert: Alert, machine: MachineFacts | undefined): Inline[] {
  const { target } = summarize(alert);
  const ports = machine?.openPorts ?? [];
  const parts = [
    machine?.environment ? plainLine(machine.environment, 40) : '',
    target.resourceGroup
      ? plainLine(
          t`${target.resourceGroup} · subscription ${alert.facts.access?.subscriptionName ?? target.subscriptionId}`,
          160,
        )
      : '',
    machine?.os ?? '',
    machine?.power ? plainLine(machine.power, 30) : '',
    machine?.publicIps.length
      ? t`public IP ${machine.publicIps.map((ip) => plainLine(ip, 45)).join(', ')}`
      : machine
        ? t`no public IP`
        : '',
    ports.length > 0 ? t`port ${ports.join(', ')} open to the internet` : '',
    machine ? plainLine(machine.encryption, 60) : '',
    machine?.agent ? t`agent ${plainLine(machine.agent, 30)}` : '',
    machine?.locks.length ? t`locked (${machine.locks.map((lock) => plainLine(lock, 60)).join(', ')})` : '',
  ];
  return [parts.filter(Boolean).join(' · ')].filter(Boolean);
}

/** The places of several machines, in numbers. */
function locationsLine(alert: Alert): Inline[] {
  const { executions } = summarize(alert);
  const known = knownMachines(alert);
  const distinct = (of: (execution: Execution) => string) =>
    [...new Set(executions.map((execution) => of(execution).toLowerCase()))].length;
  const countOf = (has: (machine: MachineFacts) => boolean) => known.filter(has).length;
  const open = countOf(({ openPorts }) => (openPorts ?? []).length > 0);
  const parts = [
    counted(
      distinct(({ target }) => target.resourceGroup),
      '# resource group',
      '# resource groups',
    ),
    counted(
      distinct(({ target }) => target.subscriptionId),
      '# subscription',
      '# subscriptions',
    ),
    ...(['Linux', 'Windows'] as const).flatMap((os) => {
      const count = countOf((machine) => machine.os === os);
      return count > 0 ? [t`${count} ${os}`] : [];
    }),
    known.length > 0 ? t`${countOf(({ publicIps }) => publicIps.length > 0)} with a public IP` : '',
    open > 0 ? t`${open} with a port open to the internet` : '',
  ];
  return [parts.filter(Boolean).join(' · ')];
}

function bar(alert: Alert, history: HistoryFacts | undefined): Inline[] | null {
  if (!history) return null;
  const related = alert.facts.timeline?.reduce((sum, entry) => sum + entry.count, 0) ?? 0;
  return [
    { bar: history.daily },
    related > 0
      ? counted(related, '  # related event in the thread', '  # related events in the thread')
      : '',
  ];
}

const listedMachines = 20;

function machineList(executions: readonly Execution[]): Inline[] {
  const names = [...new Set(executions.map((execution) => plainLine(execution.target.name, 64)))];
  const rest = names.length - listedMachines;
  return [names.slice(0, listedMachines).join(', ') + (rest > 0 ? t` and ${rest} more, in the thread` : '')];
}
