import { asnOf, countryOf } from '../../../src/domain/network/geo-record';

test('reads the records of MaxMind, DB-IP and IPinfo', () => {
  const operator = { number: 64500, name: 'Contoso Telecom' };
  expect(
    asnOf({ autonomous_system_number: 64500, autonomous_system_organization: 'Contoso Telecom' }),
  ).toEqual(operator);
  expect(asnOf({ asn: 'AS64500', as_name: 'Contoso Telecom', country_code: 'DE' })).toEqual(operator);
  expect(asnOf({ autonomous_system_number: 64500 })).toEqual({ number: 64500, name: '' });
  expect(countryOf({ country: { iso_code: 'DE', names: { en: 'Germany' } } })).toBe('DE');
  expect(countryOf({ country: 'Germany', country_code: 'DE' })).toBe('DE');
});

test.each([
  null,
  7,
  'AS1',
  [],
  { asn: 'AS' },
  { autonomous_system_number: '64500' },
  { country_code: 'Germany' },
])('does not guess from %j', (record) => {
  expect(asnOf(record)).toBeNull();
  expect(countryOf(record)).toBeNull();
});
