import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertsTable } from '../../src/domain/sentinel/alerts-table';
import { auditTable } from '../../src/domain/sentinel/audit-table';
import { parseBicep } from '../support/bicep';

const folder = join(__dirname, '../../deploy/sentinel');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const main = read('main.bicep');
const declared = JSON.parse(read('columns.json')) as Record<string, { name: string; type: string }[]>;
const tables = [alertsTable, auditTable];

/** Columns that Azure adds to every table, and those that the queries make themselves. */
const standard = ['Type'];

test('the template is valid Bicep and uses everything it declares', () => {
  const { holds, declared: names } = parseBicep(main);
  expect(holds).toBe(true);
  const words = main.match(/\w+/g) ?? [];
  const unused = names.filter((name) => words.filter((word) => word === name).length < 2);
  expect(unused).toEqual(['publishes']);
  for (const [, file = ''] of main.matchAll(/load(?:Json|Text)Content\('(.+?)'\)/g))
    expect(readdirSync(folder)).toContain(file);
});

test('the columns of the tables and of the rule are those of the rows that are sent', () => {
  const sent = tables.map(({ name, columns }) => [
    name,
    Object.entries(columns).map(([column, { type }]) => ({ name: column, type })),
  ]);
  expect(declared).toEqual(Object.fromEntries(sent));
  for (const { name } of tables) {
    expect(main.match(new RegExp(`columns: columns\\.${name}$`, 'gm'))).toHaveLength(2);
    expect(main).toContain(`'Custom-${name}': {`);
    expect(main).toContain(`name: '${name}'`);
  }
});

test('the role of the template permits to send rows, on the rule only', () => {
  const roles = JSON.parse(
    readFileSync(join(__dirname, '../../data/azure-built-in-roles.json'), 'utf8'),
  ).value;
  const id = /var publisher = '(.+)'/.exec(main)?.[1];
  const role = roles.find((one: { name: string }) => one.name === id);
  expect(role.properties.roleName).toBe('Monitoring Metrics Publisher');
  expect(role.properties.permissions[0].dataActions).toContain('Microsoft.Insights/Telemetry/Write');
  expect(main).toMatch(/resource publishes .*\n.*\n {2}scope: rule\n/);
});

interface WorkbookItem {
  name: string;
  content: { query?: string; parameters?: { name: string }[] };
}
const { items } = JSON.parse(read('workbook.json')) as { items: WorkbookItem[] };

/** Every query of deploy/sentinel: of the workbook, the functions and the hunting queries. */
const queries = [
  ...items.flatMap(({ name, content }) => (content.query ? [[name, content.query] as const] : [])),
  ...['RunwatchAlerts.kql', 'RunwatchAudit.kql'].map((file) => [file, read(file)] as const),
  ...read('hunting.kql')
    .split('\n\n')
    .filter((part) => part.includes('\n'))
    .map((part) => [part.split('\n')[0] ?? '', part] as const),
];

test.each(queries)('%s names only columns that are there', (_, query) => {
  const text = query.replace(/\/\/.*$/gm, '').replace(/"[^"\n]*"|'[^'\n]*'/g, "''");
  const known = new Set([...standard, ...tables.flatMap(({ columns }) => Object.keys(columns))]);
  const made = [...text.matchAll(/\b([A-Z]\w*) = /g)].map(([, name]) => name as string);
  const elsewhere = /SigninLogs/.test(text)
    ? ['UserPrincipalName', 'IPAddress', 'AppDisplayName', 'RiskState']
    : [];
  const sources = [
    'RunwatchAlerts',
    'RunwatchAudit',
    ...tables.map(({ name }) => name as string),
    'SigninLogs',
  ];
  const parameters = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const used = text.match(/\b[A-Z][A-Za-z0-9]+(?:_CL)?\b/g) ?? [];
  const all = new Set([...known, ...made, ...elsewhere, ...sources, ...parameters]);
  expect(used.filter((name) => !all.has(name))).toEqual([]);
  const declaredParameters = items.flatMap(({ content }) => content.parameters ?? []).map(({ name }) => name);
  expect(parameters.filter((name) => !declaredParameters.includes(name))).toEqual([]);
  expect(used.some((name) => sources.includes(name))).toBe(true);
});

test('the workbook shows what was asked of it', () => {
  expect(items.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'open-alerts',
      'time-to-acknowledge',
      'by-technique',
      'actions-by-person',
      'chain-gaps',
      'reduced-rows',
    ]),
  );
});
