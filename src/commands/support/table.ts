const gap = '  ';
/** Lines after the first of a row begin with it. */
const indent = '  ';
const minWidth = 20;

/**
 * Pads columns to their widest cell. In a narrower terminal each row takes several lines, so that no cell is cut: columns that do not
 * fit into the first line follow below. Put the most important ones first.
 * @param rows the first is the header
 * @param width columns of the terminal; 0 without one
 */
export function table(rows: readonly (readonly string[])[], width = process.stdout.columns ?? 0): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const groups = width > 0 ? fitting(widths, Math.max(width, minWidth)) : [widths.map((_, column) => column)];
  return rows.map((row) =>
    groups
      .flatMap((columns, line) => {
        const cells = columns.map((column) => (row[column] ?? '').padEnd(widths[column] ?? 0));
        const text = cells.join(gap).trimEnd();
        const start = line === 0 ? '' : indent;
        return width > 0 ? wrapped(text, start, Math.max(width, minWidth)) : text;
      })
      .filter((line, index) => index === 0 || line.trim() !== '')
      .join('\n'),
  );
}

/** Divides the columns into lines that fit. A column that is wider than a line has its own. */
function fitting(widths: readonly number[], width: number): number[][] {
  const lines: number[][] = [];
  let free = 0;
  for (const [column, needed] of widths.entries()) {
    const line = lines.at(-1);
    if (line && needed + gap.length <= free) {
      line.push(column);
      free -= needed + gap.length;
    } else {
      free = width - needed - (lines.length === 0 ? 0 : indent.length);
      lines.push([column]);
    }
  }
  return lines;
}

/** Breaks a text into lines, after a space or a slash where there is one. */
function wrapped(text: string, start: string, width: number): string[] {
  const lines: string[] = [];
  let prefix = start;
  let rest = text;
  while (prefix.length + rest.length > width) {
    const most = rest.slice(0, width - prefix.length);
    const end = [most.lastIndexOf(' '), most.lastIndexOf('/'), most.length - 1].find(
      (at) => at > most.length / 3,
    ) as number;
    lines.push(`${prefix}${rest.slice(0, end + 1).trimEnd()}`);
    rest = rest.slice(end + 1).trimStart();
    prefix = indent;
  }
  return [...lines, `${prefix}${rest}`];
}
