import type { Alert } from '../domain/alerts/alert';
import type { FetchedFrom, ScriptFacts } from '../domain/alerts/facts';
import { plainLine } from '../domain/text/plain-text';
import { t } from '../domain/text/translate';
import type { Inline } from './inline';

/** A script from a machine that may belong to one of the alert's commands. */
export interface UnassignedScript {
  title: string;
  /** When the file was written, by the machine's clock, RFC 3339. */
  at: string;
  script: ScriptFacts | null;
  output: string | null;
  /** Why it could not be read. */
  why: string | null;
}

export const unassignedScripts = ({ facts }: Alert): UnassignedScript[] =>
  Object.values(facts.fetched ?? {}).flatMap(({ scripts }) =>
    scripts
      .filter(({ execution, why }) => execution === null || why)
      .map(({ run, at, script, output, execution, why = null }) => ({
        title:
          execution === null
            ? t`Script ${String(run)} on the machine, may belong to this alert`
            : t`Script ${String(run)} on the machine`,
        at,
        script: (script && facts.scripts?.[script]) || null,
        output,
        why,
      })),
  );

export const shownDigest = ({ sha256, fetched }: ScriptFacts): string => sha256 ?? fetched?.sha256 ?? '';

/** Where a fetched script is from, and what that does not prove. */
export const fetchedLine = ({ fileAt, truncated }: FetchedFrom): Inline[] => [
  t`From the machine, written `,
  { time: fileAt },
  t` by its clock. An attacker there could have changed it.`,
  truncated ? t` Only its beginning was read.` : '',
];

export const unreadLine = (why: string): string => t`Could not be read: ${plainLine(why, 200)}`;
