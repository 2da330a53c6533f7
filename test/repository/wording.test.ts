import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const filesIn = (folder: string, ends: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ends.test(name))
    .map((name) => join(folder, name));

/** The texts of a source file, without comments and imports. */
const textsOf = (file: string): string[] => {
  const code = readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^import .*$/gm, '');
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(
    ([, single, double, template]) => single ?? double ?? template ?? '',
  );
};

/** Phrases that people once read, each replaced by a plainer one. */
const replaced = [
  /could, because|how they could|they could not: azure/i,
  /\btried: /,
  /they gain/i,
  /^unusual$/i,
  /nothing: this caller/i,
  /^traits$/i,
  /^why \$\{/i,
  /outside their own hours|\bnew address\b/i,
  /refusals? in the minutes/i,
  /password,? without mfa|pwd \+ mfa/i,
  /terraform signed in by it/i,
  /worked out from|named by azure/i,
  /no public address|platform['’]s key only/i,
  /taken out/i,
  /does not log it for this kind/i,
  /\bnot known\b/i,
  /moved on to/i,
  /what else happened/i,
  /^except…$|for how long/i,
  /all that is given/i,
  /critical scores|silence these/i,
  /who answers for it|any run of characters/i,
  /not understood|please give/i,
  /no alert fits/i,
  /nobody in chat has/i,
  /opens an incident where|nothing is set to escalate/i,
  /it stands in/i,
  /and with it evidence/i,
  /isolate with more/i,
  /it would have ended|done already, by/i,
  /no longer kept/i,
  /let something happen|somebody of support/i,
  /no responders set/i,
  /\b(deed|mended|patiently|soonest|anew|whilst)\b/i,
];

test('no text of the product uses a phrase that was replaced', () => {
  const found = filesIn('src', /\.ts$/).flatMap((file) =>
    textsOf(file).flatMap((text) =>
      replaced
        .filter((phrase) => phrase.test(text))
        .map((phrase) => `${file}: ${phrase} in ${text.slice(0, 80)}`),
    ),
  );
  expect(found).toEqual([]);
});

test('no sentence in the docs is longer than forty words', () => {
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    ...filesIn('docs', /\.md$/),
  ];
  const long = pages.flatMap((page) =>
    readFileSync(join(root, page), 'utf8')
      .replace(/```[\s\S]*?```|^\|.*$|^#.*$|^\s*<.*$/gm, '\n\n')
      .split(/\n\s*\n|\n\s*[-*\d]+[.)]?\s|(?<=[.!?:;])\s+/)
      .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
      .filter((sentence) => sentence.split(' ').length > 40)
      .map((sentence) => `${page}: ${sentence.slice(0, 120)}`),
  );
  expect(long).toEqual([]);
});

test('no comment in the code has a sentence of more than forty words', () => {
  const long = filesIn('src', /\.ts$/).flatMap((file) =>
    [
      ...readFileSync(join(root, file), 'utf8').matchAll(/\/\*\*([\s\S]*?)\*\/|((?:^\s*\/\/.*\n)+)/gm),
    ].flatMap(([, block, lines]) =>
      (block ?? lines ?? '')
        .replace(/^\s*(\*|\/\/) ?/gm, '')
        .split(/(?<=[.!?:;])\s+|\n\s*(?=@|-)/)
        .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
        .filter((sentence) => sentence.split(' ').length > 40)
        .map((sentence) => `${file}: ${sentence.slice(0, 120)}`),
    ),
  );
  expect(long).toEqual([]);
});
