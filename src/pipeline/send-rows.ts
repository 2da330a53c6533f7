import { AzureError } from '../azure/connection/azure-error';

/** A row on its way to a table. */
export interface OutgoingRow {
  json: string;
  /** The row with the columns that identify it only, and why. */
  coreJson: (why: string) => string;
  /** Names the row in the log, such as "alert RW-1". */
  name: string;
  /** Stores that this row and all before it have arrived. */
  arrived: () => Promise<unknown>;
}

export interface RowSender {
  /** @param rows a JSON array @throws {AzureError} */
  post: (rows: string) => Promise<void>;
  /** Largest JSON array, bytes. */
  maxBytes: number;
  onSent: (rows: number) => void;
  /** The row was refused, and its ids were sent in its place. */
  onReduced: (row: OutgoingRow, why: string) => Promise<unknown>;
}

/**
 * Sends rows in order, in calls as large as allowed. A call that is refused for its content is split until the row at
 * fault is found. That row's ids are sent in its place: if these are refused too, the table is at fault, not the row.
 * @throws {AzureError} what stopped it; the rows that arrived before are stored as such
 */
export async function sendRows(rows: readonly OutgoingRow[], sender: RowSender): Promise<void> {
  const waiting = batchesOf(rows, sender.maxBytes);
  for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
    const [first] = batch;
    const last = batch.at(-1);
    if (!first || !last) continue;
    const why = await refusalOf(batch, sender);
    if (why !== null && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      waiting.unshift(batch.slice(0, half), batch.slice(half));
      continue;
    }
    if (why !== null) {
      await sender.post(`[${first.coreJson(why)}]`);
      await sender.onReduced(first, why);
    } else sender.onSent(batch.length);
    await last.arrived();
  }
}

/** Why Azure refuses these rows for their content; null once it has accepted them. */
async function refusalOf(
  batch: readonly OutgoingRow[],
  { post, maxBytes }: RowSender,
): Promise<string | null> {
  const rows = `[${batch.map(({ json }) => json).join(',')}]`;
  const bytes = Buffer.byteLength(rows);
  if (bytes > maxBytes) return `the row has ${bytes} bytes, and a call may have ${maxBytes}`;
  try {
    await post(rows);
    return null;
  } catch (error) {
    if (error instanceof AzureError && (error.statusCode === 400 || error.statusCode === 413))
      return error.message;
    throw error;
  }
}

/** A row that is larger than allowed has a batch of its own. */
function batchesOf(rows: readonly OutgoingRow[], maxBytes: number): OutgoingRow[][] {
  const batches: OutgoingRow[][] = [];
  let left = 0;
  for (const row of rows) {
    const bytes = Buffer.byteLength(row.json) + 1;
    if (bytes > left || batches.length === 0) {
      batches.push([]);
      left = maxBytes - 1;
    }
    batches.at(-1)?.push(row);
    left -= bytes;
  }
  return batches;
}
