import { Webhook } from 'standardwebhooks';
import { keyOfSecret, signedHeaders } from '../../../src/domain/webhooks/signature';

const secretOf = (bytes: number, fill = 1) => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;
const [current, previous] = [secretOf(32, 1), secretOf(24, 2)];

test('the reference library accepts a signature with the new and with the previous secret', () => {
  const body = '{"text":"é"}';
  const headers = signedHeaders('siem_1-0', Date.now(), body, [current, previous]);
  for (const secret of [current, previous])
    expect(new Webhook(secret).verify(body, headers)).toEqual({ text: 'é' });
  expect(() => new Webhook(secretOf(32, 3)).verify(body, headers)).toThrow();
  expect(() => new Webhook(current).verify(`${body} `, headers)).toThrow();
  const old = signedHeaders('siem_1-0', Date.now() - 600_000, body, [current]);
  expect(() => new Webhook(current).verify(body, old)).toThrow('too old');
});

test.each(['', 'whsec_', 'whsec_AAAA', 'secret', `whsec_${'*'.repeat(40)}`, secretOf(23), secretOf(65)])(
  '%p is no secret',
  (secret) => expect(keyOfSecret(secret)).toBeNull(),
);
