import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addException } from '../../src/commands/exceptions/exceptions';
import { importExceptions } from '../../src/commands/exceptions/exceptions-files';
import { loadConfig } from '../../src/load-config';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const output = () => {
  const said: string[] = [];
  return {
    said,
    out: () => {},
    err: (line: string) => void said.push(line),
    interactive: false,
    color: false,
  };
};
const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);

test('add and import warn of a script condition that can never match', async () => {
  const config = loadConfig({ RUNWATCH_DATA_DIR: own.dir });
  const add = output();
  const flags = {
    reason: 'r',
    owner: 'o',
    expires: soon,
    caller: ['patch@contoso.example'],
    target: ['vm-1'],
  };
  await addException({ ...flags, technique: ['run-command'], pattern: '^apt-get' }, config, add);
  expect(add.said).toEqual([
    expect.stringMatching(/^ex-\S+: will not match, .* of run-command; use caller, target/),
  ]);
  const file = join(own.dir, 'exceptions.yaml');
  const entry = (id: string, technique: string) =>
    `  - {id: ${id}, reason: r, owner: o, expires: ${soon}, match: {caller: a@b.example, target: vm-1, technique: ${technique}, script: {pattern: ^x}}}\n`;
  writeFileSync(
    file,
    `exceptions:\n${entry('never', 'aks-run-command')}${entry('fine', 'managed-run-command')}`,
  );
  const imported = output();
  await importExceptions(file, { dryRun: true }, config, imported);
  expect(imported.said[0]).toMatch(/^never: will not match, .* of aks-run-command/);
  expect(imported.said.join()).not.toContain('fine: will not match');
});
