// Loads a TypeScript file from test/support, compiled as in jest. What it imports from src comes from dist.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const loaded = new Map();

export function loadTypescript(url) {
  const path = fileURLToPath(url);
  const known = loaded.get(path);
  if (known) return known.exports;
  const { code } = transformSync(readFileSync(path, 'utf8'), {
    filename: path,
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  const module = { exports: {} };
  loaded.set(path, module);
  const require = createRequire(url);
  const load = (name) => {
    const sibling = name.startsWith('.') && fileURLToPath(new URL(`${name}.ts`, pathToFileURL(path)));
    return sibling && !name.includes('/src/') && existsSync(sibling)
      ? loadTypescript(pathToFileURL(sibling))
      : require(name.replace(/^((?:\.\.\/)+)src\//, '$1dist/'));
  };
  new Function('module', 'exports', 'require', '__dirname', code)(
    module,
    module.exports,
    load,
    dirname(path),
  );
  return module.exports;
}
