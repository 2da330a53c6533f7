import type { TableBlock } from '@slack/types';
import type { TableCell } from '../thread';
import { dateFormat, utcText } from './mrkdwn';

/** Limits of a message's only table. @see https://docs.slack.dev/reference/block-kit/blocks/table-block */
const maxRows = 100;
const maxChars = 10_000;

/** A table with as many of the rows as Slack takes, below the names of the columns. */
export function tableBlock(
  columns: readonly string[],
  rows: readonly (readonly TableCell[])[],
): { block: TableBlock; rowCount: number } {
  let left = maxChars - lengthOf(columns);
  const shown = rows.slice(0, maxRows - 1).filter((row) => {
    left -= lengthOf(row);
    return left >= 0;
  });
  return {
    block: { type: 'table', rows: [columns, ...shown].map((row) => row.map(blockOf)) },
    rowCount: shown.length,
  };
}

const textOf = (cell: TableCell): string => (typeof cell === 'string' ? cell || ' ' : utcText(cell.time));

const lengthOf = (row: readonly TableCell[]): number =>
  row.reduce<number>((sum, cell) => sum + textOf(cell).length, 0);

const blockOf = (cell: TableCell): TableBlock['rows'][number][number] =>
  typeof cell === 'string'
    ? { type: 'raw_text', text: textOf(cell) }
    : {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              {
                type: 'date',
                timestamp: Math.floor(Date.parse(cell.time) / 1000),
                format: dateFormat,
                fallback: utcText(cell.time),
              },
            ],
          },
        ],
      };
