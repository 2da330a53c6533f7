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

/** An alert on one machine, by a caller whose role comes through a group. */
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

/** The guide's table of actions, from their definitions. */
export function withActionTable(guide: string): string {
  const view = sample();
  const rows = alertActions()
    .filter(({ id }) => id !== 'answer')
    .map((action) => `| ${cells(action, view).join(' | ')} |`);
  const table = [
    '| button | action id | what it does, and does not | may be pressed by | needs in Azure and Graph |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const [before = '', rest = ''] = guide.split(begin);
  return `${before}${begin}\n\n${table}\n\n${end}${rest.split(end)[1] ?? ''}`;
}

function cells(action: AlertAction, view: AlertView): string[] {
  const { id, label, confirm, right, sameRightAs, fourEyes, undoes, permissions, graph = [] } = action;
  const who = right === 'triage' ? 'whoever may read, until responders are named' : 'responders';
  const more = [
    ...(sameRightAs ? [`with the right to \`${sameRightAs}\``] : []),
    ...(fourEyes ? ['and a second one who approves'] : []),
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
