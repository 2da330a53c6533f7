import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allTechniques,
  detectTechnique,
  replaceTechniques,
  techniqueOf,
} from '../../../src/domain/techniques/catalogue';
import {
  addCustomTechniques,
  type CustomTechnique,
  customTechniqueFaults,
  customTechniqueSchema,
  runExamples,
} from '../../../src/domain/techniques/custom-technique';
import { alertingOf } from '../../../src/domain/techniques/detections';
import { loadConfig } from '../../../src/load-config';

const operation = 'Microsoft.App/jobs/start/action';
const own = (change: Partial<CustomTechnique> = {}): CustomTechnique => ({
  id: 'container-job',
  title: 'Container job',
  verb: 'started a container job',
  score: 45,
  operations: [operation],
  examples: { match: [operation.toUpperCase()], noMatch: ['Microsoft.App/jobs/read'] },
  ...change,
});

test('an added technique is detected in any case; an alert of a removed technique stays readable', () => {
  expect(detectTechnique(operation)).toBeNull();
  addCustomTechniques([own()]);
  addCustomTechniques([own()]);
  expect(detectTechnique(operation.toUpperCase())).toMatchObject({
    technique: { id: 'container-job' },
    operation,
  });
  expect(techniqueOf('of-last-year')).toMatchObject({ id: 'of-last-year', title: 'of-last-year' });
});

test('examples are operation names or records, and wrong examples are reported', () => {
  const log = join(__dirname, '../../fixtures/activity-log/diagnostic.ndjson');
  const record = JSON.parse(readFileSync(log, 'utf8').split('\n')[2] ?? '');
  addCustomTechniques([own()]);
  const results = runExamples([
    own({ examples: { match: [operation, record], noMatch: [record, operation, { a: 1 }] } }),
  ]);
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true, false, false]);
  expect(results[1]?.got).toBe('run-command');
  expect(results[4]?.got).toContain('not in any known activity log format');
});

test.each([
  ['a built-in id', [own({ id: 'run-command' })], 'built in'],
  ['a duplicate id', [own(), own({ operations: ['A.B/c/action'] })], 'twice, expected a unique id'],
  [
    'an operation of another technique',
    [own({ operations: ['microsoft.compute/virtualmachines/runcommand/action'] })],
    'belongs to run-command',
  ],
  ['a duplicate operation', [own(), own({ id: 'job-two' })], 'belongs to container-job'],
])('%s is an error', (_, techniques, fault) => {
  expect(customTechniqueFaults(techniques).join()).toContain(fault);
});

test.each([
  ['quotes in an operation, which go into a query', { operations: ['A.B/c") or true/action'] }],
  ['a wildcard', { operations: ['Microsoft.Compute/*/action'] }],
  ['a missing noMatch example', { examples: { match: [operation], noMatch: [] } }],
  ['a score above 100', { score: 101 }],
  ['an unknown field', { colour: 'red' }],
])('%s is rejected', (_, change) => {
  expect(customTechniqueSchema.safeParse({ ...own(), ...change }).success).toBe(false);
});

test('unknown detections fail the start', () => {
  const config = (text: string) => () => loadConfig({ RUNWATCH_CONFIG: 'c.yaml' }, () => text);
  expect(config('detections: {no-such: off}')).toThrow(/unknown technique/);
  const added = `techniques: [${JSON.stringify(own())}]\ndetections: {container-job: off}`;
  expect(config(added)().detections).toEqual({ 'container-job': false });
});

test('a configuration of version 0.1 may define what is built in by now, and its technique goes before', () => {
  const artifact = 'Microsoft.DevTestLab/labs/virtualMachines/applyArtifacts/action';
  const older = own({ id: 'lab-artifact', title: 'Ours', operations: [artifact] });
  const job = own({ id: 'runbook-job', operations: ['Microsoft.Automation/automationAccounts/jobs/write'] });
  expect(customTechniqueFaults([older, job])).toEqual([]);
  const before = allTechniques();
  try {
    addCustomTechniques([older, job]);
    addCustomTechniques([older, job]);
    expect(detectTechnique(artifact)?.technique.title).toBe('Ours');
    expect(detectTechnique(job.operations[0] ?? '')?.technique.id).toBe('runbook-job');
    expect(detectTechnique('Microsoft.Automation/automationAccounts/webhooks/write')?.technique.id).toBe(
      'automation',
    );
    expect(alertingOf(job.operations[0] ?? '', {})).toBe('always');
  } finally {
    for (const technique of before) replaceTechniques(technique);
  }
});
