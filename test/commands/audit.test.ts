import { toCsv } from '../../src/commands/audit';
import { chain, genesis } from '../../src/store/audit';

test('CSV cells that a spreadsheet would run are text', () => {
  const [entry] = chain(genesis, [
    {
      at: '2026-11-24T00:00:00Z',
      by: { surface: 'slack', id: 'U1', name: '=HYPERLINK("http://evil.example")' },
      action: '+1',
      alertId: '@x',
      object: '-2',
      result: 'done',
      why: 'a "quoted" word',
    },
  ]);
  const [, row] = toCsv(entry ? [entry] : []);
  expect(row).toBe(
    `"2026-11-24T00:00:00Z","'=HYPERLINK(""http://evil.example"")","slack","'+1","done","'@x","'-2","a ""quoted"" word","${entry?.hash}"`,
  );
});
