import type { HomePart } from '../../src/chat/home-part';
import { toHomeBlocks } from '../../src/chat/slack/home-blocks';
import { faultsOfBlocks } from '../support/slack-blocks';

const part = (rows: number, text = 'RW-1'): HomePart => ({
  heading: `Unassigned, critical (${rows})`,
  rows: Array.from({ length: rows }, () => ({
    line: [{ bold: text }],
    actions: [
      { id: 'assign', label: 'Assign to me', value: 'RW-1' },
      {
        id: 'release',
        label: `Release ${text}`,
        value: 'RW-1',
        confirm: { title: text, text, yes: 'Release' },
      },
    ],
  })),
  none: 'Every open alert is assigned.',
  more: 12,
});

test.each<[string, HomePart[]]>([
  ['many rows', [part(30), part(30), part(30)]],
  ['long names', [part(2, '👍🏽 & <!channel> '.repeat(400))]],
  ['nothing', [part(0)]],
])('a page with %s keeps to Slack’s limits', (_, parts) => {
  const blocks = toHomeBlocks(parts, 'Isolate (vm-1): working on it…');
  expect(faultsOfBlocks(blocks, 100)).toEqual([]);
  const sections = blocks.filter(({ type }) => type === 'section');
  expect(JSON.stringify(sections)).not.toContain('<!channel>');
});

test('each section says how many more there are, and an empty one says so', () => {
  const texts = toHomeBlocks([part(0), part(1)]).flatMap((block) =>
    block.type === 'section' ? [block.text?.text] : [],
  );
  expect(texts).toEqual(['Every open alert is assigned.\n… and 12 more', '*RW-1*', '… and 12 more']);
});
