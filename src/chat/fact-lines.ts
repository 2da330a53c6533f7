import { type Alert, summarize } from '../domain/alerts/alert';
import type { Access, HistoryFacts, MachineFacts, ScriptFacts, Who } from '../domain/alerts/facts';
import { scopeLabel } from '../domain/resources/scope-label';
import type { Execution } from '../domain/techniques/execution';
import { scriptLocation } from '../domain/techniques/script-location';
import { plainLine } from '../domain/text/plain-text';
import type { Fact, Inline } from './inline';

/** Answers an analyst's questions in the usual order. Omits lines without content. */
export function factsOf(alert: Alert, now: number): Fact[] {
  const { machines } = summarize(alert);
  const { machine, script, who, history, access, missing } = alert.facts;
  const lines: [string, Inline[] | null][] = [
    ['Access path', accessLine(alert, now)],
    ['Who', who ? whoLine(alert, who) : originLine(alert)],
    ['Why it stands out', unusual(alert)],
    ['What it exposes', exposureLine(access, machine)],
    ['Machines', machines > 1 ? machineList(alert.executions) : null],
    ['Where', locationLine(alert, machine)],
    ['Script', scriptLine(alert, script)],
    [
      'Suspicious behavior',
      script?.traits.length
        ? script.traits.flatMap((t): Inline[] => [
            `${t.name}, line ${t.line}: `,
            { code: plainLine(t.text, 120) },
            '  ',
          ])
        : null,
    ],
    [
      'Output',
      script?.output
        ? [
            { code: plainLine(script.output, 200) },
            script.exitCode === null ? '' : ` exit code ${script.exitCode}`,
          ]
        : null,
    ],
    ['30 days', bar(alert, history)],
    ['Score', [score(alert)]],
    ...(missing ?? []).map(({ what, why }): [string, Inline[]] => [
      'Unavailable',
      [`${what}: ${plainLine(why, 200)}`],
    ]),
  ];
  return lines.flatMap(([label, value]) => (value && value.length > 0 ? [{ label, value }] : []));
}

function accessLine(alert: Alert, now: number): Inline[] {
  const { refused, caller, grantedBy } = summarize(alert);
  if (refused) return ['Denied by Azure; nothing ran'];
  const { access } = alert.facts;
  const grant = access?.grant ?? grantedBy;
  if (!grant) return [`no role assignment found that allows this for ${plainLine(caller.name, 80)}`];
  const group = access?.group;
  const parts = [
    grant.scope ? ` at ${scopeLabel(grant.scope, access?.subscriptionName)}` : '',
    group
      ? `, through group ${plainLine(group.name, 80)}${group.members === null ? '' : ` (${group.members} members)`}`
      : '',
    access?.assignedAt
      ? `, assigned ${ago(access.assignedAt, now)}${access.assignedBy ? ` by ${plainLine(access.assignedBy, 80)}` : ''}`
      : '',
    access?.until ? `, activated by PIM until ${access.until.slice(0, 16).replace('T', ' ')} UTC` : '',
    access?.condition ? ', under a condition (not evaluated)' : '',
    access?.otherWays
      ? `; ${access.otherWays} other ${access.otherWays === 1 ? 'assignment allows' : 'assignments allow'} it too`
      : '',
    access?.source === 'resolved'
      ? ' (inferred from role assignments)'
      : access?.source === 'log'
        ? ' (from Azure’s activity log)'
        : '',
  ];
  return [{ bold: plainLine(grant.role, 100) }, parts.join('')];
}

function ago(iso: string, now: number): string {
  const hours = (now - Date.parse(iso)) / 3_600_000;
  if (hours < 1) return 'less than an hour ago';
  if (hours < 48) return `${Math.floor(hours)} hours ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

function originLine(alert: Alert): Inline[] {
  const { caller } = summarize(alert);
  const kind = {
    User: '',
    ServicePrincipal: 'an application',
    ManagedIdentity: 'a managed identity',
    Unknown: 'an unknown kind of caller',
  }[caller.type];
  return [[kind, caller.ip ? `from ${plainLine(caller.ip, 45)}` : ''].filter(Boolean).join(' · ')].filter(
    Boolean,
  );
}

function whoLine(alert: Alert, who: Who): Inline[] {
  const { caller } = summarize(alert);
  const parts = [
    who.name && who.name !== caller.name ? plainLine(who.name, 80) : '',
    who.jobTitle ? plainLine(who.jobTitle, 80) : '',
    who.guest ? 'a guest' : '',
    who.enabled === false ? 'the account is disabled' : '',
    who.owners.length > 0 ? `owned by ${who.owners.map((owner) => plainLine(owner, 60)).join(', ')}` : '',
    ...originLine(alert).map(String),
    who.application ? `by ${plainLine(who.application, 80)}` : '',
    signInLine(who),
    who.hint ? `(${who.hint})` : '',
  ];
  return [parts.filter(Boolean).join(' · ')];
}

function signInLine({ signIn, weakSignIn }: Who): string {
  if (weakSignIn) return 'no MFA';
  if (!signIn) return '';
  return `signed in with ${/\bmfa\b/i.test(signIn) ? 'MFA' : plainLine(signIn, 60)}`;
}

/** Unusual reasons of the score. The base, the outcome and the environment appear elsewhere. */
function unusual(alert: Alert): Inline[] | null {
  const odd = alert.reasons
    .slice(1)
    .filter(
      ({ text, points }) =>
        points > 0 && !/^(production|\d+ machines |the machine's identity|script )/.test(text),
    );
  const { history } = alert.facts;
  if (odd.length > 0) {
    return [
      `${odd.map((reason) => plainLine(reason.text, 120)).join(' · ')}   ${odd.map((reason) => `+${reason.points}`).join(' ')}`,
    ];
  }
  if (!history || history.days < 1) return ['Unavailable: history is still being loaded'];
  return [
    `Nothing unusual: ran here ${times(history.onThisMachine)} before, ${times(history.byCaller)} in total, in ${history.days} days`,
  ];
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

function exposureLine(access: Access | undefined, machine: MachineFacts | undefined): Inline[] | null {
  const parts = [
    machine?.identityCan.length
      ? `the machine’s own identity can ${machine.identityCan
          .slice(0, 3)
          .map((can) => plainLine(can, 150))
          .join('; ')}`
      : '',
    access?.alsoCan.length
      ? `the caller can also ${access.alsoCan
          .slice(0, 4)
          .map((can) => plainLine(can, 150))
          .join('; ')}`
      : '',
    access?.machines ? `the caller can run commands on ${access.machines} machines of this subscription` : '',
  ].filter(Boolean);
  return parts.length > 0 ? [parts.join(' · ')] : null;
}

function locationLine(alert: Alert, machine: MachineFacts | undefined): Inline[] {
  const { target } = summarize(alert);
  const ports = machine?.openPorts ?? [];
  const parts = [
    machine?.environment ? plainLine(machine.environment, 40) : '',
    target.resourceGroup
      ? plainLine(
          `${target.resourceGroup} · subscription ${alert.facts.access?.subscriptionName ?? target.subscriptionId}`,
          160,
        )
      : '',
    machine?.os ?? '',
    machine?.power ? plainLine(machine.power, 30) : '',
    machine?.publicIps.length
      ? `public IP ${machine.publicIps.map((ip) => plainLine(ip, 45)).join(', ')}`
      : machine
        ? 'no public IP'
        : '',
    ports.length > 0 ? `port ${ports.join(', ')} open to the internet` : '',
    machine ? plainLine(machine.encryption, 60) : '',
    machine?.agent ? `agent ${plainLine(machine.agent, 30)}` : '',
    machine?.locks.length ? `locked (${machine.locks.map((lock) => plainLine(lock, 60)).join(', ')})` : '',
  ];
  return [parts.filter(Boolean).join(' · ')].filter(Boolean);
}

function scriptLine(alert: Alert, script: ScriptFacts | undefined): Inline[] | null {
  const how = scriptLocation(alert);
  if (script?.text) {
    const same = alert.facts.history?.sameScriptAt;
    const lines = script.text.split('\n').length;
    return [
      { code: plainLine(script.text, 300) },
      lines > 1 ? `  ${lines} lines, in the thread` : '',
      script.runAs ? ` · as ${plainLine(script.runAs, 40)}` : '',
      script.parameters.length > 0
        ? ` · ${script.parameters
            .map((p) => plainLine(p, 80))
            .slice(0, 5)
            .join(', ')}`
        : '',
      same ? ` · same script as on ${same.slice(0, 16).replace('T', ' ')} UTC` : '',
      script.redacted.length > 0 ? ` · ${script.redacted.join(', ')} redacted` : '',
    ];
  }
  return how ? ['Azure doesn’t log this script; on the machine: ', { code: how }] : null;
}

function bar(alert: Alert, history: HistoryFacts | undefined): Inline[] | null {
  if (!history) return null;
  const related = alert.facts.timeline?.reduce((sum, entry) => sum + entry.count, 0) ?? 0;
  return [
    { bar: history.daily },
    related > 0 ? `  ${related} related ${related === 1 ? 'event' : 'events'} in the thread` : '',
  ];
}

/** Where the score starts, what was added, and where the sum was capped. */
function score(alert: Alert): string {
  const [base, ...added] = alert.reasons;
  const sum = alert.reasons.reduce((total, { points }) => total + points, 0);
  return [
    ...(base ? [`starts at ${base.points} for ${plainLine(base.text, 100)}`] : []),
    ...added.map(({ points, text }) => `${points > 0 ? '+' : ''}${points} ${plainLine(text, 100)}`),
    ...(sum === alert.score
      ? []
      : [`${sum} points, ${sum > alert.score ? 'capped at' : 'raised to'} ${alert.score}`]),
  ].join(' · ');
}

const listedMachines = 20;

function machineList(executions: readonly Execution[]): Inline[] {
  const names = [...new Set(executions.map((execution) => plainLine(execution.target.name, 60)))];
  const rest = names.length - listedMachines;
  return [names.slice(0, listedMachines).join(', ') + (rest > 0 ? ` and ${rest} more, in the thread` : '')];
}
