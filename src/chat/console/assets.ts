import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Request, Response } from 'express';

const types: Record<string, string> = {
  '.css': 'text/css',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
};
const folder = join(__dirname, 'assets');

const read = (name: string) => readFileSync(join(folder, name), 'utf8');
/** One style sheet for all pages, in this order. */
const sheets = [
  'tokens',
  'base',
  'forms',
  'bulk',
  'list',
  'alert',
  'exceptions',
  'activity',
  'audit',
  'health',
  'phone',
];

/** The console's static files, read once. Only these names are served. */
const files = new Map([
  ...readdirSync(folder)
    .filter((name) => ['.mjs', '.svg'].includes(extname(name)))
    .map((name): [string, string] => [name, read(name)]),
  ['console.css', sheets.map((name) => read(`${name}.css`)).join('')],
]);

/** Serves a file. Browsers keep it, and ask each time whether it changed. */
export function sendAsset(request: Request, response: Response): void {
  const name = String(request.params.name);
  const text = files.get(name);
  if (text === undefined) return void response.status(404).send('This file does not exist.');
  response
    .set('cache-control', 'no-cache')
    .type(types[extname(name)] ?? 'text/plain')
    .send(text);
}
