import { campaignHtml, maxSteps } from '../../../src/chat/console/alert/campaign';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { type CampaignStep, campaignOf } from '../../../src/domain/alerts/campaign';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event, vm } from '../../support/event';

const start = Date.parse('2026-11-20T22:00:00Z');
const machineOf = (name: string) => vm.replace('vm-1', name);
const dana = {
  id: 'd',
  name: 'dana@contoso.example',
  upn: null,
  type: 'User' as const,
  ip: null,
  appId: null,
};
const identityOf = (machine: string) => ({
  ...{ id: `i-${machine}`, name: 'chosen by someone', upn: null, type: 'ManagedIdentity' as const },
  ...{ ip: null, appId: null, managedIdentityResource: machineOf(machine) },
});

function alertOf(id: string, minutes: number, machine: string, caller: Execution['caller'] = dana): Alert {
  const time = new Date(start + minutes * 60_000).toISOString();
  const ran = executionFrom(event({ time, resourceId: machineOf(machine), correlationId: id, caller }));
  return { ...newAlert(id, [ran as Execution], time), announced: true };
}

/** The section's texts, in order, without tags. */
const textsOf = (steps: readonly CampaignStep[], id: string): string[] => {
  const page = campaignHtml(steps, id);
  const list = page ? page.text.replace(/<svg.*<\/svg>/s, '') : '';
  return list
    .split(/<\/?(?:h2|p|li|ol|span|div|a|strong)\b[^>]*>/)
    .map((text) => text.replace(/<[^>]*>/g, '').trim())
    .filter(Boolean);
};
const storyOf = (...alerts: Alert[]) => campaignOf(alerts[0] as Alert, alerts.slice(1));

test('tells the steps in order, with what links each to an earlier one, and says that this proves nothing', () => {
  const steps = storyOf(
    alertOf('RW-1', 0, 'vm-1'),
    alertOf('RW-3', 64, 'vm-2', identityOf('vm-2')),
    alertOf('RW-2', 4, 'vm-2', identityOf('vm-1')),
  );
  expect(textsOf(steps, 'RW-2')).toEqual([
    'Possible campaign',
    '3 alerts by 3 callers on 2 machines within 64 min. What they have in common does not prove that one person did it.',
    'dana@contoso.example ran a command on vm-1',
    expect.stringMatching(/22:00:00.*Still running$/),
    'vm-1’s identity ran a command on vm-2',
    expect.stringMatching(/22:04:00.*this alert$/),
    '4 min later, with the identity of vm-1, where 1 ran',
    'vm-2’s identity ran a command on vm-2',
    expect.stringMatching(/23:04:00.*Still running$/),
    '60 min later, with the identity of vm-2, where 2 ran',
  ]);
});

test('links the other alerts but not the one that is read, and names callers and machines in the drawing', () => {
  const steps = storyOf(alertOf('RW-1', 0, 'vm-1'), alertOf('RW-2', 4, 'vm-2', identityOf('vm-1')));
  const page = campaignHtml(steps, 'RW-2') || { text: '' };
  expect([...page.text.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
    '/console/alerts/RW-1',
  ]);
  expect(page.text).toContain('<strong aria-current="true">vm-1’s identity ran');
  const names = [...page.text.matchAll(/<text class="(name|more)"[^>]*>([^<]+)/g)].map(([, , name]) => name);
  expect(names).toEqual(['dana@contoso.example', 'vm-1’s identity', 'vm-1', 'vm-2']);
});

test('says that a later step on the same machine is by the same caller, and escapes what others named', () => {
  const hostile = { ...dana, name: '<img src=x>' };
  const [first, second] = [alertOf('RW-1', 0, 'vm-1', hostile), alertOf('RW-2', 3, 'vm-1', hostile)];
  const steps = [
    { alert: first, link: null },
    { alert: second, link: { from: 'RW-1', kind: 'caller' as const, by: hostile.name } },
  ];
  expect(textsOf(steps, 'RW-1')).toContain('3 min later, same caller and machine as 1');
  expect((campaignHtml(steps, 'RW-1') || { text: '' }).text).not.toContain('<img');
});

test('shows a bounded number of steps, and nothing for none', () => {
  const many = Array.from({ length: maxSteps + 2 }, (_, i) => alertOf(`RW-${i}`, i, `vm-${i}`));
  expect(textsOf(storyOf(...many), 'RW-0').at(-1)).toBe('2 later alerts are not shown.');
  expect(campaignHtml([], 'RW-0')).toBe(false);
});
