// Generates locales/en.json, the texts that people read, from the marks in the code: t`…`, counted(…), plural(…) and
// phrase(…) of src/domain/text/translate.ts, and tHtml`…` of the console. --print prints it instead; --unmarked prints the texts without a mark.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { parseSync } = createRequire(import.meta.url)('@swc/core');
const root = new URL('../', import.meta.url);

/** Where every text must be marked. */
const folders = /^src\/(chat|actions|views|presses|domain|pipeline|health)\//;
/** English for everybody: what is configured, logged, audited, or read by administrators and developers. */
const englishOnly = [
  'src/chat/demo/',
  'src/chat/console/(assets|stream|sign-in/(claimed-groups|session-store))\\.ts',
  'src/chat/[a-z]+/(doctor-[a-z]+|[a-z]+-(manifest|settings)|authenticate|render-[a-z]+|search|slack|teams)\\.ts',
  'src/actions/measures/migrate-measures\\.ts',
  'src/presses/check-policy\\.ts',
  'src/pipeline/(?!enrich/|merge-alerts|raise-alert|remind|say-changes)',
  'src/health/readiness\\.ts',
  'src/domain/(activity|audit|sentinel)/',
  'src/domain/access/well-known-apps\\.ts',
  'src/domain/alerts/routing\\.ts',
  'src/domain/exceptions/exceptions-file\\.ts',
  'src/domain/fetch-script/fetch-commands\\.ts',
  'src/domain/techniques/(check-record|custom-technique|stored-script)\\.ts',
  'src/domain/text/redact\\.ts',
  'src/domain/webhooks/',
].map((path) => new RegExp(`^${path}`));

/** Ids, names, and values of Azure and of Adaptive Cards, which only look like texts. */
const constants = new Set([
  ...['in force', 'do failed', 'undo failed', 'carried out', 'hand over'],
  ...['no subscription', 'event hub', 'audit copy', 'audit ', 'disk'],
  ...['Runwatch', 'Slack', 'Teams', 'Linux', 'Windows', 'Microsoft Sentinel', 'Actions'],
  ...['no such sign-in in this browser', 'sign-in used before', 'person refused'],
  ...['neither a responder nor a reader', 'Azure', 'runwatch exceptions import', 'runwatch audit verify'],
  ...['High', 'Medium', 'Low', 'New', 'Active', 'Closed', 'Undetermined'],
  ...['at least ', 'Refresh', 'Full', 'Container', 'Bolder', 'None', 'Attention', 'Warning', 'Monospace'],
]);
/** Ids, commands, tokens of the chats, and notes on locks in Azure. */
const notTexts = [
  /^at least \{0\}$/,
  /^(vanished|event hub|surface|audit copy|sentinel|subscriptions?|gap|lost|unescalated) \{0\}$/,
  /^((\{0\} )?\{\d\} refused)$/,
  /^(kubectl|sudo|ls|Get-Content) |^Linux: \{0\}/,
  /^\{0\} \(Microsoft Graph\)$/,
  /^<!|^\{date_|^\{0\} UTC$|^\{\{DATE|^:white_check_mark:/,
  /^M\{0\} \{1\}|^openid | offline_access$/,
  /^TEAMS_LOCAL|^the token is invalid$|^could not verify the request$/,
  /^(Runwatch \{0\}, by \{1\}\{2\}|Evidence of \{0\})$/,
];
/** Attributes alone, as a part of a tag. */
const attributes = /^( (hidden|selected|required|checked|[a-z-]+="[^"]*"|data-[a-z]+))+$/i;
/** Calls whose arguments are for logs and developers, or that compare. */
const silent =
  /(^|\.)log\.|^(Error|TypeError|RegExp|SurfaceError|kept|warn|pick)$|\.(includes|startsWith|endsWith|split|has|get|set|describe|test|match|replace|replaceAll)$/;
const functions =
  /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration|MethodProperty|ClassMethod|Constructor)$/;
const types = /^Ts(?!AsExpression|ConstAssertion|SatisfiesExpression|NonNullExpression)/;

const catalogue = new Map();
const unmarked = [];

for (const name of readdirSync(new URL('src', root), { recursive: true }).sort()) {
  if (!name.endsWith('.ts')) continue;
  const file = `src/${name.replaceAll('\\', '/')}`;
  const source = readFileSync(new URL(file, root));
  const lineOf = ({ span }) =>
    source
      .subarray(0, span.start - 1)
      .toString()
      .split('\n').length;
  const isChecked = folders.test(file) && !englishOnly.some((path) => path.test(file));
  visit(parseSync(source.toString(), { syntax: 'typescript', target: 'es2024' }), {
    add: (key, value) => {
      const known = catalogue.get(key);
      if (known && JSON.stringify(known) !== JSON.stringify(value))
        throw new Error(`${file}: “${key}” is used with other plural forms elsewhere`);
      catalogue.set(key, value);
    },
    report: (node, text) => {
      if (isChecked && isText(text)) unmarked.push({ file, line: lineOf(node), text });
    },
    word: (node) => {
      if (isChecked && !constants.has(node.value))
        unmarked.push({ file, line: lineOf(node), text: node.value });
    },
    refuse: (node, why) => {
      throw new Error(`${file}:${lineOf(node)}: ${why}`);
    },
  });
}

const sorted = Object.fromEntries([...catalogue].sort(([a], [b]) => (a < b ? -1 : 1)));
const json = `${JSON.stringify(sorted, null, 2)}\n`;
if (process.argv.includes('--unmarked')) process.stdout.write(`${JSON.stringify(unmarked, null, 2)}\n`);
else if (process.argv.includes('--print')) process.stdout.write(json);
else writeFileSync(new URL('locales/en.json', root), json);

/** Finds marked and unmarked texts. @param isTranslated inside a function, where t and counted may be used */
function visit(node, sinks, isTranslated = false) {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, sinks, isTranslated);
    return;
  }
  if (typeof node !== 'object' || node === null || types.test(node.type)) return;
  const { type } = node;
  if (/^(Import|Export(Named|All))Declaration$/.test(type)) return;
  if (type === 'StringLiteral') return sinks.report(node, node.value);
  if (type === 'TemplateLiteral') {
    sinks.report(node, keyOf(node));
    return visitValues(node, sinks, isTranslated);
  }
  if (type === 'TaggedTemplateExpression') {
    if (node.tag.value === 'html') return visitHtml(node.template, sinks, isTranslated);
    if (node.tag.value === 't' || node.tag.value === 'tHtml') {
      if (!isTranslated)
        sinks.refuse(node, 'modules load before the locale is set: use phrase and translate');
      sinks.add(keyOf(node.template), keyOf(node.template));
    }
    return visitValues(node.template, sinks, isTranslated);
  }
  if (type === 'CallExpression' || type === 'NewExpression') {
    const name = nameOf(node.callee);
    const given = node.arguments?.map(({ expression }) => expression) ?? [];
    const literal = (index) =>
      given[index]?.type === 'StringLiteral'
        ? given[index].value
        : sinks.refuse(node, `${name} needs its text as a literal`);
    if (name === 'phrase') return sinks.add(literal(0), literal(0));
    if (name === 'counted') {
      sinks.add(literal(2), { one: literal(1), other: literal(2) });
      return visit(given[0], sinks, isTranslated);
    }
    if (name === 'plural') return sinks.add(literal(1), { one: literal(0), other: literal(1) });
    // The name of a trace's span.
    if (/^(span|linkedSpan)$/.test(name)) return visit(given.slice(1), sinks, isTranslated);
    if (silent.test(name)) return visit(node.callee, sinks, isTranslated);
  }
  if (type === 'BinaryExpression' && /^[!=]=/.test(node.operator)) return;
  if (type === 'SwitchCase') return visit(node.consequent, sinks, isTranslated);
  if (type === 'KeyValueProperty') return visit(node.value, sinks, isTranslated);
  for (const value of Object.values(node)) visit(value, sinks, isTranslated || functions.test(type));
}

/** The values of a template. Even one word among them is part of a text. */
function visitValues({ expressions }, sinks, isTranslated) {
  for (const word of expressions.flatMap(literalsOf)) if (/^\p{Ll}{2,}$/u.test(word.value)) sinks.word(word);
  visit(expressions, sinks, isTranslated);
}

/** Texts between tags and in attributes that people read must be marked. Other attributes have no texts. */
function visitHtml(template, sinks, isTranslated) {
  const { quasis, expressions } = template;
  const markup = keyOf(template).replace(/\{\d+\}/g, '\0');
  const shown = [...markup.matchAll(/ (aria-label|placeholder|title|alt)="([^"]*)"/g)].map(
    (match) => match[2],
  );
  const between = attributes.test(markup) ? [] : markup.replaceAll('Runwatch', '').split(/<[^>]*>/);
  for (const text of [...shown, ...between])
    if (/\p{L}{2}/u.test(text)) sinks.word({ ...template, value: text.replaceAll('\0', '{…}').trim() });
  const silently = { ...sinks, report: () => {}, word: () => {} };
  let before = '';
  for (const [index, expression] of expressions.entries()) {
    before += quasis[index].cooked;
    const attribute = /<[^>]*\s([\w-]+)="[^">]*$/.exec(before)?.[1] ?? null;
    const isRead = attribute === null || /^(aria-label|placeholder|title|alt)$/.test(attribute);
    if (isRead)
      for (const word of literalsOf(expression)) if (/^\p{Ll}{2,}$/u.test(word.value)) sinks.word(word);
    visit(expression, isRead ? sinks : silently, isTranslated);
  }
}

function literalsOf(node) {
  if (node.type === 'StringLiteral') return [node];
  if (node.type === 'ParenthesisExpression') return literalsOf(node.expression);
  if (node.type === 'ConditionalExpression') return [node.consequent, node.alternate].flatMap(literalsOf);
  return node.type === 'BinaryExpression' && ['??', '||'].includes(node.operator)
    ? literalsOf(node.right)
    : [];
}

/** A template's text with numbered placeholders: "Isolate {0}…". */
function keyOf({ quasis }) {
  return quasis.map(({ cooked }, index) => (index > 0 ? `{${index - 1}}${cooked}` : cooked)).join('');
}

/** Two words, a word beside a value, or one capitalized word. */
function isText(text) {
  if (constants.has(text) || notTexts.some((pattern) => pattern.test(text))) return false;
  if (/^[A-Z][a-z]+[….:?]?$/.test(text)) return true;
  const words = text.replace(/\{\d+\}/g, '');
  return / /.test(words) && /\p{L}\p{L}/u.test(words);
}

function nameOf(node) {
  if (node?.type === 'Identifier') return node.value;
  if (node?.type === 'MemberExpression') return `${nameOf(node.object)}.${node.property.value ?? ''}`;
  return node?.type === 'CallExpression' ? `${nameOf(node.callee)}()` : '';
}
