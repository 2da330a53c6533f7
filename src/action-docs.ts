import { type AlertAction, wordsFor } from './actions/action';
import { alertActions } from './actions/registry';
import { newAlert } from './domain/alerts/alert';
import type { AlertView } from './domain/measures/alert-view';
import type { Execution } from './domain/techniques/execution';

const begin = '<!-- actions: made by scripts/schema.mjs -->';
const end = '<!-- end of actions -->';

const target = {
  id: '/subscriptions/0/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm',
  name: 'vm',
  type: 'Microsoft.Compute/virtualMachines',
  resourceGroup: 'rg',
  subscriptionId: '0',
};

/** A sample alert: one machine, and a caller who has the role through a group. */
function sample(): AlertView {
  const grant = { role: 'the role', scope: '/subscriptions/0', assignmentId: 'a', principalId: 'g' };
  const execution = {
    key: 'k',
    technique: 'run-command',
    caller: { id: 'c', name: 'caller', type: 'User', ip: null, appId: null },
    target,
    resourceId: `${target.id}/runCommands/x`,
    status: 'succeeded',
    startedAt: '2026-01-01T00:00:00Z',
    lastEventAt: '2026-01-01T00:00:00Z',
    eventIds: [],
    grantedBy: grant,
  } as unknown as Execution;
  const alert = newAlert('RW-…', [execution], execution.startedAt);
  return {
    alert: { ...alert, facts: { access: { grant } as never } },
    measures: [],
    approvals: [],
  };
}

/** Fills in the guide's action table from the action definitions. */
export function withActionTable(guide: string): string {
  const view = sample();
  const rows = alertActions()
    .filter(({ id }) => id !== 'answer')
    .map((action) => `| ${cells(action, view).join(' | ')} |`);
  const table = [
    '| button | action id | what it does and does not do | who can use it | permissions in Azure and Graph |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const [before = '', rest = ''] = guide.split(begin);
  return `${before}${begin}\n\n${table}\n\n${end}${rest.split(end)[1] ?? ''}`;
}

function cells(action: AlertAction, view: AlertView): string[] {
  const { id, label, confirm, right, sameRightAs, fourEyes, undoes, permissions, graph = [] } = action;
  const who = right === 'triage' ? 'anyone with read access, until responders are configured' : 'responders';
  const more = [
    ...(sameRightAs ? [`with the right for \`${sameRightAs}\``] : []),
    ...(fourEyes ? ['plus approval by a second responder'] : []),
  ];
  const changes = [...permissions, ...graph].filter((each) => !/\/read$/i.test(each));
  return [
    wordsFor(label, view),
    `\`${id}\``,
    `${action.summary ?? (confirm ? wordsFor(confirm.text, view) : '')}${undoes ? ` Undoes \`${undoes}\`.` : ''}`.trim(),
    [who, ...more].join(', '),
    changes.length > 0 ? changes.map((each) => `\`${each}\``).join(', ') : 'reads only',
  ];
}
