import fc from 'fast-check';
import { escapeMrkdwn } from '../../src/chat/slack/mrkdwn';
import { renderBlocks, renderMessage, renderView } from '../../src/chat/slack/render-html';
import { escapeText, mrkdwnToHtml } from '../../src/chat/slack/render-mrkdwn';

const reader = { now: Date.parse('2026-11-25T23:00:00Z'), zone: 'UTC', names: { U1: 'Alex Kim', C1: 'soc' } };
const html = (text: string) => mrkdwnToHtml(text, reader);

test.each([
  ['*bold* _italic_ ~gone~', '<b>bold</b> <i>italic</i> <s>gone</s>'],
  ['2*3*4 a_b_c', '2*3*4 a_b_c'],
  ['*bold `code`*', '<b>bold <code>code</code></b>'],
  ['`*raw* &lt;b&gt;`', '<code>*raw* &lt;b&gt;</code>'],
  ['```\na\n*b*```', '<pre>a\n*b*</pre>'],
  ['a\nb', 'a<br>b'],
  [
    '<https://a.example/?x=1&amp;y=2|RW-1>',
    '<a href="https://a.example/?x=1&amp;y=2" rel="noreferrer">RW-1</a>',
  ],
  ['<javascript:alert(1)|x>', 'x'],
  [
    '<@U1> <#C1> <!here>',
    '<span class="mention">@Alex Kim</span> <span class="mention">#soc</span> <span class="mention">@here</span>',
  ],
  ['<!date^1795646469^{date_short_pretty} {time_secs}|later>', 'Today 10:41:09 PM'],
  ['<!date^x^{date}|later>', 'later'],
  ['<img src=x onerror=alert(1)>', 'img src=x onerror=alert(1)'],
  [':white_check_mark: :unknown:', '✅ :unknown:'],
])('mrkdwn %s', (text, wanted) => {
  expect(html(text)).toBe(wanted);
});

test('a text that Slack would show verbatim is shown verbatim', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40, unit: fc.constantFrom(...'ab1 *_~`:<>&@|!\n') }), (text) => {
      const shown = html(escapeMrkdwn(text))
        .replace(/\u200b/g, '')
        .replace(/<br>/g, '\n');
      expect(shown).toBe(escapeText(text.replace(/[\ue000\ue001]/g, '')).replace(/\u200b/g, ''));
    }),
  );
});

test('no text becomes a tag, wherever it is', () => {
  const evil = '"><script>x</script>';
  const text = { type: 'mrkdwn', text: evil };
  const plain = { type: 'plain_text', text: evil };
  const option = { value: evil, text: plain };
  const menu = (type: string) => ({
    type,
    action_id: evil,
    placeholder: plain,
    options: [option],
    initial_option: option,
  });
  const elements = [
    { type: 'button', action_id: evil, value: evil, text: plain, style: evil, confirm: { title: plain } },
    { type: 'button', action_id: evil, url: `https://${evil}`, text: plain },
    { type: 'button', action_id: evil, url: 'javascript:x', text: plain },
    ...['overflow', 'static_select', 'checkboxes', 'datepicker', evil].map(menu),
  ];
  const area = { type: 'plain_text_input', multiline: true, placeholder: plain, initial_value: evil };
  const blocks = [
    { type: 'header', block_id: evil, text: plain },
    { type: 'section', text, fields: [text, plain], accessory: elements[0] },
    { type: 'context', elements: [text, plain] },
    { type: 'actions', elements },
    { type: 'input', label: plain, hint: plain, element: area },
    { type: 'input', label: plain, element: { ...area, multiline: false, initial_value: evil } },
    { type: 'table', rows: [[{ type: 'raw_text', text: evil }]] },
    { type: evil },
  ];
  const shown = [
    renderMessage({ at: 0, text: evil }, reader),
    renderMessage(
      { at: 0, blocks, attachments: [{ color: evil, text: evil }], replies: [{ at: 0, blocks }] },
      reader,
    ),
    renderView({ type: 'modal', title: plain, submit: plain, close: plain, blocks }, reader),
  ].join('');
  expect(shown).not.toMatch(/<script|javascript:/);
  expect(shown).toContain('&lt;script&gt;');
});

test('long sections are cut unless they expand', () => {
  const section = { type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(1000) } };
  expect(renderBlocks([section], reader)).toContain('Show more');
  expect(renderBlocks([{ ...section, expand: true }], reader)).not.toContain('Show more');
});
