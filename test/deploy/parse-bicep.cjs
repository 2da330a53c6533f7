// Parses Bicep with its tree-sitter grammar: node parse-bicep.cjs < FILE. Prints whether it is valid and what
// it declares. It runs as a separate process, because jest can't load the parser's WebAssembly.
const { readFileSync } = require('node:fs');
const { Language, Parser } = require('web-tree-sitter');

(async () => {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));
  const { rootNode } = parser.parse(readFileSync(0, 'utf8'));
  const declared = rootNode.namedChildren
    .filter(({ type }) => /^(parameter|variable|resource|module)_declaration$/.test(type))
    .map((node) => node.namedChildren.find(({ type }) => type === 'identifier')?.text);
  process.stdout.write(JSON.stringify({ holds: !rootNode.hasError, declared }));
})();
