import { toCsv } from '../../src/commands/audit';
import { type AuditEntry, chain, firstBrokenLink, genesis } from '../../src/domain/audit/audit-chain';
import { auditVerifier, createKeyring } from '../../src/runtime/keyring';
import { testKeyring } from '../support/store';

const signer = testKeyring.auditSigner();
const start = { head: genesis, sequence: 0 };
const verify = auditVerifier(testKeyring.auditPublicKeys());

test('CSV cells that a spreadsheet would run as formulas are escaped', () => {
  const drafts = [
    {
      at: '2026-11-24T00:00:00Z',
      by: { surface: 'slack' as const, id: 'U1', name: '=HYPERLINK("http://evil.example")' },
      action: '+1',
      alertId: '@x',
      object: '-2',
      result: 'done' as const,
      why: 'a "quoted" word',
    },
  ];
  const [entry] = chain(start, drafts, signer);
  const [, row] = toCsv(entry ? [entry] : []);
  expect(row).toBe(
    `"2026-11-24T00:00:00Z","'=HYPERLINK(""http://evil.example"")","slack","'+1","done","'@x","'-2","a ""quoted"" word","${entry?.hash}"`,
  );
});

const draft = (action: string) => ({
  at: '2026-11-24T00:00:00Z',
  by: { surface: 'slack' as const, id: 'U1', name: 'Sam' },
  action,
  alertId: null,
  object: null,
  result: 'done' as const,
  why: null,
});

test('an entry that was edited, rehashed and relinked breaks the chain at the next one', () => {
  const entries = chain(start, ['a', 'b', 'c'].map(draft), signer);
  expect(firstBrokenLink(entries, { verify })).toBeNull();
  const [forged] = chain({ head: entries[0]?.hash ?? '', sequence: 1 }, [draft('forged')], signer);
  const relinked = [entries[0], forged, { ...entries[2], prev: forged?.hash }] as AuditEntry[];
  expect(firstBrokenLink(relinked)).toMatchObject({ index: 2 });
});

test('entries changed, added or dropped without the secret are detected', () => {
  const entries = chain(start, ['a', 'b', 'c'].map(draft), signer);
  const stranger = createKeyring({ current: 'guessed by somebody who writes Redis', previous: null });
  const forged = chain(start, ['a', 'x', 'c'].map(draft), stranger.auditSigner());
  expect(firstBrokenLink(forged)).toBeNull();
  expect(firstBrokenLink(forged, { verify })).toMatchObject({
    index: 0,
    why: expect.stringContaining('key'),
  });
  const renamed = forged.map((entry) => ({ ...entry, key: signer.keyId }));
  expect(firstBrokenLink(renamed, { verify })).toMatchObject({ index: 0 });
  const { signature: _, key: __, sequence: ___, ...bare } = entries[2] as AuditEntry;
  expect(firstBrokenLink([...entries.slice(0, 2), bare], { verify })).toMatchObject({ index: 2 });
  expect(firstBrokenLink([entries[0], entries[2]] as AuditEntry[], { verify })).toMatchObject({ index: 1 });
});

test('the exported key is public and cannot sign entries', () => {
  const [pem = ''] = testKeyring.auditPublicKeys();
  expect(pem).toContain('BEGIN PUBLIC KEY');
  expect(pem).not.toContain('PRIVATE');
});

test('a large entry is cut, and records what was cut', () => {
  const [entry] = chain(
    start,
    [{ ...draft('a'), why: 'x'.repeat(100_000), details: { x: 'y'.repeat(2_000_000) } }],
    signer,
  );
  expect(JSON.stringify(entry).length).toBeLessThan(50_000);
  expect(entry?.details).toMatchObject({
    cut: expect.stringMatching(/^\d+ characters$/),
    sha256: expect.any(String),
  });
});
