import type { Alert } from './alert';
import type { MatchFacts } from './exception';

/** Tags and script, as far as enrichment found them; they are those of the alert's first machine. */
export function matchFactsOf({ facts }: Pick<Alert, 'facts'>): MatchFacts {
  const { machine, script } = facts;
  return {
    ...(machine ? { tags: machine.tags } : {}),
    ...(script?.sha256 ? { script: { sha256: script.sha256, text: script.text ?? '' } } : {}),
  };
}
