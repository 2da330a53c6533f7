import { type Alert, summarize } from '../../domain/alerts/alert';
import type { ScriptFacts } from '../../domain/alerts/facts';
import { is, parseResourceId, typeOf } from '../../domain/resources/resource-id';
import { storedResources } from '../../domain/techniques/catalogue';
import { scriptDigest, traitsOf } from '../../domain/techniques/script';
import type { StoredScript } from '../../domain/techniques/stored-script';
import { redact } from '../../domain/text/redact';
import type { EnrichDeps, Part } from './enrichment-part';

/** How much of a script and of its output is kept, characters. The digest covers the whole script. */
const keptText = 100_000;

/** The script that ran, if Azure holds it. Secrets are redacted before anything is stored. */
export const script: Part = {
  what: 'the script',
  ask: async (alert, deps) => {
    const held = await storedScript(alert, deps);
    if (!held) return { script: nothing };
    const found = await Promise.all([held.text ?? '', held.output ?? '', ...held.parameters].map(redact));
    const [text, output, ...parameters] = found;
    const traits = traitsOf(held.text ?? '');
    const excerpts = await Promise.all(traits.map((trait) => redact(trait.text)));
    return {
      script: {
        text: held.text === null ? null : (text?.text ?? '').slice(0, keptText),
        sha256: digestOf(held),
        parameters: parameters.map((parameter) => parameter.text.slice(0, 500)),
        runAs: held.runAs,
        output: held.output === null ? null : (output?.text ?? '').slice(0, keptText),
        exitCode: held.exitCode,
        redacted: [...new Set(found.flatMap((part) => part.kinds))],
        traits: traits.map((trait, index) => ({ ...trait, text: excerpts[index]?.text ?? '' })),
      },
    };
  },
};

/** Digest of the script and its parameters. Null if the script is fetched from elsewhere or unavailable. */
function digestOf({ text, parameters, fetchedFrom }: StoredScript): string | null {
  if (text === null || fetchedFrom) return null;
  return scriptDigest(parameters.length === 0 ? text : `${text}\n${parameters.join('\n')}`);
}

async function storedScript(alert: Alert, { azure }: EnrichDeps): Promise<StoredScript | null> {
  const { first, status, refused } = summarize(alert);
  if (refused) return null;
  const logged = fromLog(first.requestBody);
  const id = parseResourceId(first.resourceId);
  const type = id && typeOf(id);
  const stored = storedResources().find((resource) => type !== null && is(resource.type, type));
  if (!stored) return logged ?? outputOnly(first.message, status);
  try {
    const held = stored.read(await azure.readProperties(first.resourceId, stored.apiVersion));
    // The resource may have been overwritten since. The log has what actually ran.
    return logged ? { ...held, text: logged.text, parameters: logged.parameters } : held;
  } catch (error) {
    if (logged) return logged;
    throw error;
  }
}

/** Reads the script from the request body, which Azure logs for some writes. */
function fromLog(body: string | null): StoredScript | null {
  if (!body) return null;
  try {
    const parsed = JSON.parse(body) as {
      script?: string[] | string;
      parameters?: { name: string; value: string }[];
      properties?: {
        source?: { script?: string };
        parameters?: { name: string; value: string }[];
        runAsUser?: string;
        settings?: { commandToExecute?: string };
      };
    };
    const p = parsed.properties;
    const inline = Array.isArray(parsed.script) ? parsed.script.join('\n') : parsed.script;
    const text = p?.source?.script ?? p?.settings?.commandToExecute ?? inline ?? null;
    if (text === null) return null;
    return {
      text,
      parameters: (p?.parameters ?? parsed.parameters ?? []).map(({ name, value }) => `${name}=${value}`),
      runAs: p?.runAsUser ?? null,
      output: null,
      exitCode: null,
    };
  } catch {
    return null;
  }
}

/** Reads a run command's output from the final event, if the log has it. */
function outputOnly(message: string | null, status: string): StoredScript | null {
  if (!message || status !== 'succeeded') return null;
  try {
    const parsed = JSON.parse(message) as { value?: { message?: string }[] };
    const output = (parsed.value ?? []).map((entry) => entry.message ?? '').join('\n');
    return output ? { text: null, parameters: [], runAs: null, output, exitCode: null } : null;
  } catch {
    return null;
  }
}

const nothing: ScriptFacts = {
  text: null,
  sha256: null,
  parameters: [],
  runAs: null,
  output: null,
  exitCode: null,
  redacted: [],
  traits: [],
};
