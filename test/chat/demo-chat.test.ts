import { type SurfaceContext, surfaceDefinitions } from '../../src/chat/define-surface';
import { createDemoChat } from '../../src/chat/demo/demo-chat';
import { messageOf } from '../../src/chat/message';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const dana = {
  id: '9e1f4f2a-0c7b-4a8e-b1d7-3f2c5a6b7c8d',
  name: 'Dana Reyes',
  login: 'dana@contoso.example',
};
const chat = createDemoChat([dana]);
chat.define();
const shown = (alertId: string | null = null) => chat.html(alertId, Date.now())?.text ?? '';
const presses: unknown[] = [];
const context = {
  press: async (press: unknown) => {
    presses.push(press);
    return 'press-1';
  },
  log: { warn: () => {} },
} as unknown as SurfaceContext;
const connect = async () => {
  const definition = surfaceDefinitions().find(({ name }) => name === 'demo');
  return (await definition?.connect({}, context))?.surface;
};
const time = '2026-11-20T10:00:00Z';
const alert = { ...newAlert('RW-1', [executionFrom(event()) as Execution], time), announced: true };
const model = messageOf(untouched(alert), { responders: true, now: 0 });

test('shows a message as Slack would, with its thread, updated in place', async () => {
  const surface = await connect();
  const ref = await surface?.post({ kind: 'alert', model }, 'x');
  if (!ref) throw new Error('not posted');
  await surface?.post({ kind: 'thread', id: 'RW-1.thread', parent: ref, parts: model.thread() }, 'x');
  expect(await surface?.find('RW-1', 0, 'x', null)).toEqual(ref);
  expect(shown('RW-1')).toMatch(/data-action-id="acknowledge".*class="thread".*Details/s);
  await surface?.update(ref, { kind: 'alert', model: { ...model, sentence: 'Changed <b>' } });
  expect(shown()).toContain('Changed &lt;b&gt;');
  await expect(surface?.update({ channel: 'x', message: 'y' }, { kind: 'alert', model })).rejects.toThrow(
    'gone',
  );
});

test('keeps the newest fifty messages, and shows the newest six', async () => {
  const surface = await connect();
  for (let i = 0; i < 60; i++)
    await surface?.post({ kind: 'notice', id: `n-${i}`, text: `notice ${i}.` }, 'x');
  const html = shown();
  expect(html.indexOf('notice 59.')).toBeLessThan(html.indexOf('notice 54.'));
  expect(html).not.toContain('notice 53.');
  expect(await surface?.find('n-10', 0, 'x', null)).not.toBeNull();
  expect(await surface?.find('n-9', 0, 'x', null)).toBeNull();
  expect(shown('RW-1')).toBe('');
});

test('a person who is asked answers that it was not them; a stranger cannot be asked', async () => {
  jest.useFakeTimers();
  const surface = await connect();
  expect(await surface?.ask('DANA@contoso.example', 'RW-1', 'Did you run this?')).toEqual({
    id: dana.id,
    name: dana.name,
  });
  expect(await surface?.ask('nobody@contoso.example', 'RW-1', 'Did you?')).toBeNull();
  await jest.advanceTimersByTimeAsync(5000);
  jest.useRealTimers();
  expect(presses).toEqual([
    expect.objectContaining({
      alertId: 'RW-1',
      action: 'answer',
      input: expect.objectContaining({ answer: 'no' }),
    }),
  ]);
});
