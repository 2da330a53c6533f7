import { personKey } from '../../../../src/chat/console/sign-in/claimed-groups';
import {
  createSessionStore,
  type SessionStore,
  sessionKey,
} from '../../../../src/chat/console/sign-in/session-store';
import type { Presser } from '../../../../src/domain/people/person';
import { keys } from '../../../../src/store/keys';
import { connect } from '../../../../src/store/redis/connect';
import { type OwnStore, startStore, testKeyring } from '../../../support/store';

const minute = 60_000;
const presser: Presser = {
  surface: 'console',
  id: 'https://id.example#sam',
  name: 'Sam',
  issuer: 'https://id.example',
};

let own: OwnStore;
let clock: number;
let sessions: SessionStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());
beforeEach(() => {
  clock = 0;
  sessions = createSessionStore(own.store.signIns, testKeyring, () => clock);
});

test.each([
  ['without a refresh token, one hour', undefined, 60],
  ['with a refresh token, twelve hours', 'token', 720],
])('a session lasts, %s, however much it is used', async (_, refreshToken, minutes) => {
  const key = sessionKey(await sessions.begin({ presser, refreshToken, idToken: undefined }));
  for (clock = 0; clock < minutes * minute; clock += 30 * minute) {
    const session = await sessions.find(key);
    if (!session) throw new Error(`ended after ${clock / minute} min`);
    await sessions.touch(key, session);
  }
  expect(await sessions.find(key)).toBeNull();
});

test('a person’s sessions are counted as long as one may last', async () => {
  await sessions.begin({ presser, refreshToken: 'token', idToken: undefined });
  const redis = connect(own.address);
  const seconds = await redis.ttl(keys.signInSessionsOf(personKey(presser)));
  redis.disconnect();
  expect(seconds).toBeGreaterThan(11 * 3600);
});
