/** Cells as a line that a spreadsheet takes for text. */
export const csvLine = (cells: readonly string[]): string => cells.map(csvCell).join(',');

/** A cell that begins like a formula gets an apostrophe. @see https://owasp.org/www-community/attacks/CSV_Injection */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replace(/"/g, '""')}"`;
}
