// Deletes from node_modules what the image does not need: a compiler, types, source maps, tests, docs, and builds for browsers and
// for ES modules. test/end-to-end/image.test.ts loads every module of the program afterwards.
import { existsSync, globSync, rmSync } from 'node:fs';

const remove = (pattern, where = () => true) => {
  for (const path of globSync(pattern, { cwd: 'node_modules' }))
    if (where(`node_modules/${path}`)) rmSync(`node_modules/${path}`, { recursive: true, force: true });
};

// A dependency names TypeScript as its peer; the program uses neither it nor types.
for (const name of ['typescript', '@typescript', '**/@types', '**/.*']) remove(name);
// Of @azure/identity, only its sign-in in a browser uses it.
remove('**/@azure/msal-browser');
remove('**/*.{map,ts,mts,cts,tsbuildinfo}');
remove('**/*.md', (path) => !/(licen[cs]e|notice)[^/]*$/i.test(path));
remove('**/{test,tests,__tests__}', (path) => !existsSync(`${path}/package.json`));
// The packages' exports choose the CommonJS build beside these.
for (const build of ['browser', 'esm', 'react-native', 'workerd'])
  for (const used of ['commonjs', 'cjs'])
    remove(`**/dist/${build}`, (path) => existsSync(path.replace(/[^/]+$/, used)));
remove('**/build/*.{es,umd}.js');
remove('**/*.mjs', (path) => ['js', 'cjs'].some((end) => existsSync(path.replace(/mjs$/, end))));
remove('@azure/*/dist-esm');
remove('@opentelemetry/semantic-conventions/dist/{experimental_*,index-incubating}.cjs');
remove('csv-parse/dist/{umd,iife}');
remove('luxon/{src,build/{amd,cjs-browser,es6,global}}');
remove('rhea/dist');
