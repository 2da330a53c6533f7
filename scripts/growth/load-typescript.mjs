// Loads a TypeScript file from test/support, compiled as in jest.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

export function loadTypescript(url) {
  const path = fileURLToPath(url);
  const { code } = transformSync(readFileSync(path, 'utf8'), {
    filename: path,
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', '__dirname', code)(
    module,
    module.exports,
    createRequire(url),
    dirname(path),
  );
  return module.exports;
}
