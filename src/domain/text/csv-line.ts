/** Formats cells as a CSV line that spreadsheets treat as text. */
export const csvLine = (cells: readonly string[]): string => cells.map(csvCell).join(',');

/**
 * Adds an apostrophe to a cell that starts like a formula.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replace(/"/g, '""')}"`;
}
