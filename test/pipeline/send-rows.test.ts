import { AzureError } from '../../src/azure/connection/azure-error';
import { type OutgoingRow, sendRows } from '../../src/pipeline/send-rows';

const refused = (status: number) => new AzureError('refused', 'InvalidPayload', status, 0, '');

/** A table that refuses some calls. */
function tableThat(refuses: (rows: string[]) => AzureError | null, maxBytes = 10_000) {
  const calls: string[][] = [];
  const arrived: string[] = [];
  const reduced: string[] = [];
  const rowOf = (id: string): OutgoingRow => ({
    json: JSON.stringify(id),
    coreJson: () => JSON.stringify(`core ${id.slice(0, 10)}`),
    name: id,
    arrived: async () => arrived.push(id),
  });
  const send = (ids: readonly string[]) =>
    sendRows(ids.map(rowOf), {
      post: async (json) => {
        const rows = JSON.parse(json) as string[];
        calls.push(rows);
        const error = refuses(rows);
        if (error) throw error;
      },
      maxBytes,
      onSent: () => {},
      onReduced: async ({ name }) => reduced.push(name),
    });
  return { send, calls, arrived, reduced };
}

const ids = Array.from({ length: 64 }, (_, n) => `row ${n}`);

test('bad rows among many are found in few calls, and every other row is sent once, in order', async () => {
  const bad = ['row 0', 'row 17', 'row 18', 'row 63'];
  const table = tableThat((rows) => (rows.some((row) => bad.includes(row)) ? refused(400) : null));
  await table.send(ids);
  expect(table.reduced).toEqual(bad);
  expect(table.calls.length).toBeLessThan(50);
  const accepted = table.calls.filter((rows) => !rows.some((row) => bad.includes(row))).flat();
  expect(accepted).toEqual(ids.map((id) => (bad.includes(id) ? `core ${id}` : id)));
  expect(table.arrived.at(-1)).toBe('row 63');
});

test('no rows need no call', async () => {
  const table = tableThat(() => null);
  await table.send([]);
  expect(table.calls).toEqual([]);
});

test('a call is as large as allowed, and a row that is larger is reduced without a call', async () => {
  const table = tableThat(() => null, 100);
  await table.send([...ids.slice(0, 20), 'x'.repeat(200), 'row 20']);
  expect(table.calls.every((rows) => JSON.stringify(rows).length <= 100)).toBe(true);
  expect(table.calls.map((rows) => rows.length)).toEqual([12, 8, 1, 1]);
  expect(table.reduced).toHaveLength(1);
});

test('what arrived before a failure is stored, and the failure is not taken for a refusal', async () => {
  const table = tableThat((rows) => (rows.includes('row 40') ? refused(rows.length > 1 ? 413 : 503) : null));
  await expect(table.send(ids)).rejects.toMatchObject({ statusCode: 503 });
  expect(table.arrived.at(-1)).toBe('row 39');
  expect(table.reduced).toEqual([]);
});

test('a table that refuses everything is asked once for each halving, and no row counts as sent', async () => {
  const table = tableThat(() => refused(400));
  await expect(table.send(ids)).rejects.toMatchObject({ statusCode: 400 });
  expect(table.calls).toHaveLength(8);
  expect([table.arrived, table.reduced]).toEqual([[], []]);
});
