import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { RequestHandler } from 'express';

const types: Record<string, string> = {
  '.css': 'text/css',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
};
const folder = join(__dirname, 'assets');

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

/** A folder's files of these types, by name. */
export const readAssets = (path: string, ...extensions: string[]): [string, string][] =>
  readdirSync(path)
    .filter((name) => extensions.includes(extname(name)))
    .map((name) => [name, readFileSync(join(path, name), 'utf8')]);

/** Serves files that were read once; only these names. Browsers keep them, and ask each time whether they changed. */
export function serveAssets(files: ReadonlyMap<string, string>): RequestHandler {
  return (request, response) => {
    const name = String(request.params.name);
    const text = files.get(name);
    if (text === undefined) return void response.status(404).send('This file does not exist.');
    response
      .set('cache-control', 'no-cache')
      .type(types[extname(name)] ?? 'text/plain')
      .send(text);
  };
}

/** Serves the console's static files. */
export const sendAsset = serveAssets(
  new Map([
    ...readAssets(folder, '.mjs', '.svg'),
    ['console.css', sheets.map((name) => readFileSync(join(folder, `${name}.css`), 'utf8')).join('')],
  ]),
);
