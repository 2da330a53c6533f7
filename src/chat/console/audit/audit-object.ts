import { kindOf, kindOfAction } from '../../../actions/registry';
import type { AuditEntry } from '../../../domain/audit/audit-chain';
import type { Match } from '../../../domain/exceptions/exception';
import { matchSchema } from '../../../domain/exceptions/exceptions-file';
import { matchWords } from '../../../domain/exceptions/match-words';
import { measureIdOf } from '../../../domain/measures/measure';
import { parseResourceId } from '../../../domain/resources/resource-id';
import { plainLine } from '../../../domain/text/plain-text';
import { phrase, translate } from '../../../domain/text/translate';

/** What an entry is about. */
export interface AuditObject {
  /** "Machine", "Role assignment". */
  kind: string;
  name: string;
  /** Where the name alone does not identify it. */
  id: string | null;
}

/** Names of measures' targets by measure id. */
export type NamesOf = (measureIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;

const byMeasureKind: Readonly<Record<string, string>> = {
  account: phrase('Account'),
  membership: phrase('Group membership'),
  role: phrase('Role assignment'),
  activation: phrase('Role activation'),
};

const byType: Readonly<Record<string, string>> = {
  virtualmachines: phrase('Machine'),
  machines: phrase('Machine'),
  virtualmachinescalesets: phrase('Scale set'),
  networkinterfaces: phrase('Network interface'),
  roleassignments: phrase('Role assignment'),
};

/** The measure whose record has the name of the entry's object; null if it has none. */
export function measureOf({ action, object }: AuditEntry): string | null {
  const kind = action.endsWith('.drift') ? kindOf(action.replace(/\.drift$/, '')) : kindOfAction(action);
  return kind && object ? measureIdOf(kind.kind, object) : null;
}

/** @param named the object's name in a measure's record, if there is one */
export function objectOf(entry: AuditEntry, named: string | undefined): AuditObject | null {
  const { object, details, action } = entry;
  if (!object) return null;
  const id = plainLine(object, 400);
  const exception = details?.exception as { match?: unknown } | undefined;
  if (exception) {
    const match = matchSchema.safeParse(exception.match);
    const name = match.success ? plainLine(matchWords(match.data as Match), 200) : id;
    return { kind: translate(phrase('Exception')), name, id: name === id ? null : id };
  }
  if (object.startsWith('/')) {
    const last = parseResourceId(object)?.chain.at(-1);
    const type = (last?.type ?? object.split('/').at(-2) ?? '').toLowerCase();
    const name = named ?? last?.name ?? object.split('/').at(-1) ?? object;
    return { kind: translate(byType[type] ?? phrase('Resource')), name: plainLine(name, 120), id };
  }
  const kind = kindOfAction(action)?.kind ?? '';
  const label = byMeasureKind[kind] ?? (/exception/.test(action) ? phrase('Exception') : phrase('Other'));
  return named
    ? { kind: translate(label), name: plainLine(named, 120), id }
    : { kind: translate(label), name: id, id: null };
}
