import { scriptDigest, traitsOf } from '../techniques/script';
import type { StoredScript } from '../techniques/stored-script';
import type { redact } from '../text/redact';
import type { ScriptFacts } from './facts';

/** How much of a script or an output is kept, characters. The digest covers the whole script. */
export const keptText = 100_000;

/** A script's facts. Secrets are redacted. */
export async function scriptFacts(held: StoredScript, redactText: typeof redact): Promise<ScriptFacts> {
  const found = await Promise.all([held.text ?? '', ...held.parameters].map(redactText));
  const [text, ...parameters] = found;
  const traits = traitsOf(held.text ?? '');
  const excerpts = await Promise.all(traits.map((trait) => redactText(trait.text)));
  return {
    text: held.text === null ? null : (text?.text ?? '').slice(0, keptText),
    sha256: digestOf(held),
    parameters: parameters.map((parameter) => parameter.text.slice(0, 500)),
    runAs: held.runAs,
    redacted: [...new Set(found.flatMap((part) => part.kinds))],
    traits: traits.map((trait, index) => ({ ...trait, text: excerpts[index]?.text ?? '' })),
  };
}

/** Digest of the script and its parameters. Null if the script is fetched from elsewhere or unavailable. */
function digestOf({ text, parameters, fetchedFrom }: StoredScript): string | null {
  if (text === null || fetchedFrom) return null;
  return scriptDigest(parameters.length === 0 ? text : `${text}\n${parameters.join('\n')}`);
}
