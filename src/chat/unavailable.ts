import type { Facts, Missing } from '../domain/alerts/facts';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';

/** What could not be read for an alert, also of its workspace's logs. */
export function missingOf({ missing = [], signIns, guest = {} }: Facts): Missing[] {
  const failed = [...(signIns?.failed ?? []), ...Object.values(guest).flatMap((one) => one.failed)];
  const byWhat = [...Map.groupBy(failed, ({ what }) => what).values()];
  return [
    ...missing,
    ...byWhat.flatMap((all) =>
      all[0] ? [{ ...all[0], ...(all.length > 1 ? { count: all.length } : {}) }] : [],
    ),
  ];
}

/** "the machine — needs Microsoft.Compute/virtualMachines/read". Never Azure's own text. */
export function unavailableText({ what, why, count }: Missing): string {
  const often = count === undefined ? '' : counted(count, ' (# time)', ' (# times)');
  return `${translate(plainLine(what, 60))}${often} — ${reasonOf(why)}`;
}

function reasonOf(why: string): string {
  const action = /perform action '([A-Za-z0-9./*]{1,150})'/.exec(why)?.[1];
  if (action) return t`needs ${action}`;
  const status = Number(/\(HTTP (\d{3}), /.exec(why)?.[1] ?? 0);
  if (status === 401) return t`Azure didn’t accept the bot’s token`;
  if (status === 403) return t`the bot lacks a permission`;
  if (status === 404) return t`no longer in Azure`;
  if (status === 429) return t`Azure limits reads; trying again`;
  if (status > 0) return t`Azure answered with an error (HTTP ${status})`;
  // An error without a status ends with its code.
  const code = /^[^:]{1,60}: .*\(([A-Z][A-Za-z0-9_]{2,40})\)$/s.exec(why)?.[1];
  return code ? t`Azure didn’t answer (${code})` : plainLine(why, 80);
}
