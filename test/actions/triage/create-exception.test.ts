import type { ActionDeps, FreeAction } from '../../../src/actions/action';
import { actionOf } from '../../../src/actions/registry';
import { newExceptionForm, readExceptionForm } from '../../../src/actions/triage/exception-form';
import { type OwnStore, startStore } from '../../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const at = '2026-11-20T23:00:00.000Z';
const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam', email: 'sam@contoso.example' };
const action = actionOf('create_exception') as FreeAction;
const deps = () => ({ store: own.store, maxExceptionDays: 365 }) as unknown as ActionDeps;
const pressOf = (changes: Record<string, string>) => {
  const values = Object.fromEntries(
    newExceptionForm(sam, Date.parse(at)).map(({ id, value }) => [id, value]),
  );
  const form = readExceptionForm({ ...values, ...changes }) as { input: Record<string, unknown> };
  const pressId = `press-${JSON.stringify(changes)}`;
  return { pressId, alertId: '', action: action.id, by: sam, at, input: form.input, lastTry: false };
};

test('an exception without an alert is stored once, and audited with its id', async () => {
  const press = pressOf({ caller: 'patching@contoso.example', target: 'vm-web-*', reason: 'patching' });
  const texts = [await action.run(press, deps()), await action.run(press, deps())];
  expect(texts[0]).toContain('is saved until Dec 20, 2026');
  const stored = await own.store.exceptions.list();
  expect(stored).toMatchObject([{ owner: 'sam@contoso.example', createdBy: 'sam@contoso.example' }]);
  const entries = await own.store.audit.read({ limit: 10 });
  expect(entries.map(({ object }) => object)).toEqual([stored[0]?.id]);
});

test('one that is too broad waits for a second person', async () => {
  const press = pressOf({ technique: 'run-command', reason: 'all of them' });
  expect(await action.approval?.(press, deps())).toMatchObject({
    why: expect.stringContaining('it names no'),
  });
  await expect(action.run(press, deps())).rejects.toThrow("needs a second person's approval");
});

test('one for the presser is refused', async () => {
  const press = pressOf({ caller: 'sam@contoso.example', target: 'vm-1', reason: 'mine' });
  await expect(action.run(press, deps())).rejects.toThrow('for yourself');
});
