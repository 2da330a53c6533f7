import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config';
import { detectTechnique, techniqueOf } from '../../src/domain/techniques/catalogue';
import {
  type OwnTechnique,
  ownTechniqueFaults,
  ownTechniqueSchema,
  tryExamples,
  useOwnTechniques,
} from '../../src/domain/techniques/own-technique';

const operation = 'Microsoft.DevTestLab/labs/virtualMachines/applyArtifacts/action';
const own = (change: Partial<OwnTechnique> = {}): OwnTechnique => ({
  id: 'lab-artifact',
  title: 'Lab artifact',
  verb: 'applied an artifact',
  score: 45,
  operations: [operation],
  examples: { match: [operation.toUpperCase()], noMatch: ['Microsoft.DevTestLab/labs/read'] },
  ...change,
});

test('one that is added is detected, whatever the case; an alert of one that is gone can still be read', () => {
  expect(detectTechnique(operation)).toBeNull();
  useOwnTechniques([own()]);
  useOwnTechniques([own()]);
  expect(detectTechnique(operation.toUpperCase())).toMatchObject({
    technique: { id: 'lab-artifact' },
    operation,
  });
  expect(techniqueOf('of-last-year')).toMatchObject({ id: 'of-last-year', title: 'of-last-year' });
});

test('examples are names or records, and those that are not as they say are told', () => {
  const log = join(__dirname, '../fixtures/activity-log/diagnostic.ndjson');
  const record = JSON.parse(readFileSync(log, 'utf8').split('\n')[2] ?? '');
  useOwnTechniques([own()]);
  const results = tryExamples([
    own({ examples: { match: [operation, record], noMatch: [record, operation, { a: 1 }] } }),
  ]);
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true, false, false]);
  expect(results[1]?.got).toBe('run-command');
  expect(results[4]?.got).toContain('none of the shapes');
});

test.each([
  ['an id that is built in', [own({ id: 'run-command' })], 'built in'],
  ['an id twice', [own(), own({ operations: ['A.B/c/action'] })], 'a second time'],
  [
    'an operation of another',
    [own({ operations: ['microsoft.compute/virtualmachines/runcommand/action'] })],
    'belongs to run-command',
  ],
  ['an operation twice', [own(), own({ id: 'lab-two' })], 'belongs to lab-artifact'],
])('%s is a fault', (_, techniques, fault) => {
  expect(ownTechniqueFaults(techniques).join()).toContain(fault);
});

test.each([
  ['quotes in an operation, which go into a query', { operations: ['A.B/c") or true/action'] }],
  ['a wildcard', { operations: ['Microsoft.Compute/*/action'] }],
  ['no example that must not match', { examples: { match: [operation], noMatch: [] } }],
  ['a score beyond 100', { score: 101 }],
  ['a field that there is not', { colour: 'red' }],
])('%s is refused', (_, change) => {
  expect(ownTechniqueSchema.safeParse({ ...own(), ...change }).success).toBe(false);
});

test('detections that there are not stop the start', () => {
  const config = (text: string) => () => loadConfig({ RUNWATCH_CONFIG: 'c.yaml' }, () => text);
  expect(config('detections: {no-such: off}')).toThrow(/wrong|fault|no such|configuration/i);
  const added = `techniques: [${JSON.stringify(own())}]\ndetections: {lab-artifact: off}`;
  expect([...config(added)().techniquesOff]).toEqual(['lab-artifact']);
});
