import { allTechniques } from '../../../src/domain/techniques/catalogue';
import { alertingOf, isOn, operationsOff, providersRead } from '../../../src/domain/techniques/detections';

const jobs = 'Microsoft.Automation/automationAccounts/jobs/write';
const runbook = 'Microsoft.Automation/automationAccounts/runbooks/write';
const machineWrite = 'Microsoft.Compute/virtualMachines/write';

test('defaults are those of the documentation', () => {
  const off = allTechniques().filter(({ id }) => !isOn(id, {}));
  expect(off.map(({ id }) => id).sort()).toEqual([
    'deployment-script',
    'disk-access',
    'maintenance',
    'other-compute',
    'policy',
  ]);
  const partly = allTechniques().filter(
    (technique) => isOn(technique.id, {}) && operationsOff(technique, {}).length > 0,
  );
  expect(partly.map(({ id }) => id)).toEqual(['automation']);
});

test.each([
  ['MICROSOFT.COMPUTE/VIRTUALMACHINES/RUNCOMMAND/ACTION', {}, 'always'],
  ['Microsoft.Compute/virtualMachines/runCommand/action', { 'run-command': false }, 'never'],
  ['Microsoft.Compute/virtualMachines/start/action', {}, 'never'],
  [jobs, {}, 'confirmed'],
  [jobs, { automation: true }, 'always'],
  [jobs, { automation: false }, 'never'],
  [runbook, {}, 'never'],
  [runbook, { automation: true }, 'always'],
  [machineWrite, {}, 'confirmed'],
  [machineWrite, { 'user-data': true }, 'confirmed'],
  [machineWrite, { 'user-data': false }, 'confirmed'],
  [machineWrite, { 'user-data': false, 'gallery-application': false }, 'never'],
  ['Microsoft.Compute/disks/beginGetAccess/action', {}, 'never'],
  ['Microsoft.Compute/disks/beginGetAccess/action', { 'disk-access': true }, 'always'],
])('%s with %j is alerted on %s', (operation, chosen, alerting) => {
  expect(alertingOf(operation, chosen as Record<string, boolean>)).toBe(alerting);
});

test('only providers in use are queried, and those of timelines always', () => {
  expect(providersRead({})).toContain('Microsoft.Network');
  expect(providersRead({})).not.toContain('Microsoft.Batch');
  expect(providersRead({ 'other-compute': true })).toContain('Microsoft.Batch');
});
