import { createKeyring } from '../../src/runtime/keyring';

const [old, current] = ['an old secret, which is long enough', 'a new secret, which is long enough'];
const before = createKeyring({ current: old, previous: null });
const during = createKeyring({ current, previous: old });
const after = createKeyring({ current, previous: null });

test('a sealed text opens in its context only, with the current or the previous secret', () => {
  const sealed = before.seal('sign-in', 'session 1', 'Sam – ☂');
  expect(sealed).not.toContain(Buffer.from('Sam').toString('base64url'));
  expect(before.open('sign-in', 'session 1', sealed)).toBe('Sam – ☂');
  expect(during.open('sign-in', 'session 1', sealed)).toBe('Sam – ☂');
  expect(after.open('sign-in', 'session 1', sealed)).toBeNull();
  expect(before.open('sign-in', 'session 2', sealed)).toBeNull();
  expect(before.open('session', 'session 1', sealed)).toBeNull();
});

test('a changed or shortened text does not open, and equal texts are sealed differently', () => {
  const sealed = before.seal('sign-in', 'x', 'text');
  expect(before.seal('sign-in', 'x', 'text')).not.toBe(sealed);
  for (let at = 0; at < sealed.length; at += 5) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(before.open('sign-in', 'x', changed)).toBeNull();
    expect(before.open('sign-in', 'x', sealed.slice(0, at))).toBeNull();
  }
});
