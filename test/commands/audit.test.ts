import { toCsv } from '../../src/commands/audit';
import { chain, firstBrokenLink, genesis } from '../../src/store/audit';

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

test('an entry that was edited, hashed anew and linked again breaks the next one', () => {
  const draft = (action: string) => ({
    at: '2026-11-24T00:00:00Z',
    by: { surface: 'slack' as const, id: 'U1', name: 'Sam' },
    action,
    alertId: null,
    object: null,
    result: 'done' as const,
    why: null,
  });
  const entries = chain(genesis, ['a', 'b', 'c'].map(draft));
  expect(firstBrokenLink(entries)).toBeNull();
  const [forged] = chain(entries[0]?.hash ?? '', [draft('forged')]);
  const relinked = [entries[0], forged, { ...entries[2], prev: forged?.hash }] as typeof entries;
  expect(firstBrokenLink(relinked)).toBe(2);
});
