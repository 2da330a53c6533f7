import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataBlock, html, tHtml } from '../../../src/chat/console/html';
import { scriptTexts } from '../../../src/chat/console/script-texts';
import { useLocale } from '../../../src/domain/text/translate';

const assets = join(__dirname, '../../../src/chat/console/assets');
const scripts = readdirSync(assets)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => readFileSync(join(assets, name), 'utf8'))
  .join('\n');

test('the scripts have all texts that they use, and no others', () => {
  const ids = Object.keys(scriptTexts());
  const used = [...scripts.matchAll(/\btext\('(\w+)'/g)].map(([, id]) => id);
  expect(used.filter((id) => !ids.includes(String(id)))).toEqual([]);
  // Some ids are chosen: text(isOnline ? 'a' : 'b'), and by the result of a press.
  expect(ids.filter((id) => !new RegExp(`'${id}'|\\b${id}: 0`).test(scripts))).toEqual([]);
});

test('a text cannot end the data block', () => {
  const { text } = dataBlock('texts', { a: '</script><script>alert(1)</script><!--' });
  expect(text.match(/<\/?script/g)).toHaveLength(2);
  expect(text).not.toContain('<!--');
  expect(JSON.parse(text.replace(/^[^>]*>|<\/script>$/g, ''))).toEqual({
    a: '</script><script>alert(1)</script><!--',
  });
});

describe('a translated text with markup', () => {
  afterEach(() => useLocale('en-US'));

  test('is escaped, except for its markup, and may have another order', () => {
    const name = '<b>';
    const shown = () => tHtml`By ${name}, ${html`<i>now</i>`}, ${1500}`.text;
    expect(shown()).toBe('By &lt;b&gt;, <i>now</i>, 1,500');
    useLocale('de', { 'By {0}, {1}, {2}': '{1} & {2} von {0}' });
    expect(shown()).toBe('<i>now</i> &amp; 1.500 von &lt;b&gt;');
  });
});
