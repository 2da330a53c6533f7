import { limitOf } from '../../src/store/key-limits';
import { keys } from '../../src/store/keys';

test.each(Object.entries(keys))('%s is told by its name', (name, of) => {
  const key = typeof of === 'string' ? of : (of as (...parts: string[]) => string)('one', 'two', 'three');
  expect(limitOf(key, ['events', 'check'])?.kind).toBe(name);
});

test('keys of queues are told apart from ours, and other keys are unknown', () => {
  const kind = (key: string) => limitOf(`{runwatch}:${key}`, ['events', 'check'])?.kind;
  expect(kind('events:meta')).toBe('queue meta');
  expect(kind('events:17')).toBe('queue job');
  expect(kind('events:events.3XR87VZ4Q2:lock')).toBe('queue job');
  expect(kind('events:repeat:sweep:1764180000000')).toBe('queue repeat');
  expect(kind('check:events')).toBe('queue events');
  expect(kind(keys.check('1x2ab3').split('}:')[1] as string)).toBe('check');
  expect(kind('something-else')).toBeUndefined();
  expect(kind('deliver:meta')).toBeUndefined();
});
