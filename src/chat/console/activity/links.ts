import { hourName, hrefOf, queryOf } from '../alerts/query';

/** The alerts of a caller or a machine, of all times, an hour of the week or a day. */
export function alertsHref(
  by: 'caller' | 'machine',
  key: string,
  when: { hour?: number; day?: string } = {},
): string {
  const { hour, day = '' } = when;
  const all = queryOf({ view: 'all' });
  return hrefOf(all, { [by]: key, hour: hour === undefined ? '' : hourName(hour), day });
}
