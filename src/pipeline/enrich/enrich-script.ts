import type { HeldScript } from '../../azure/machines/read-scripts';
import { type Alert, summarize } from '../../domain/alerts/alert';
import type { ScriptFacts } from '../../domain/alerts/facts';
import { scriptDigest, traitsOf } from '../../domain/techniques/script';
import { redact } from '../../domain/text/redact';
import type { EnrichDeps, Part } from './enrichment-part';

/** Kept of a script and of its output, characters; the digest is of the whole. */
const keptText = 100_000;

/** What was run, where Azure holds it; secrets are taken out before anything is stored. */
export const script: Part = {
  what: 'the script',
  ask: async (alert, deps) => {
    const held = await heldScript(alert, deps);
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

/** Of all that decides what runs: what it fetches and its parameters too. Null where the script itself is elsewhere. */
function digestOf({ text, parameters, fetchedFrom }: HeldScript): string | null {
  if (text === null || fetchedFrom) return null;
  return scriptDigest(parameters.length === 0 ? text : `${text}\n${parameters.join('\n')}`);
}

async function heldScript(alert: Alert, { azure }: EnrichDeps): Promise<HeldScript | null> {
  const { first, status, refused } = summarize(alert);
  if (refused) return null;
  const logged = fromLog(first.requestBody);
  const read = readerFor(first.resourceId, azure);
  if (!read) return logged ?? outputOnly(first.message, status);
  try {
    const held = await read(first.resourceId);
    // The resource may have been written again since; what the log says is what ran.
    return logged ? { ...held, text: logged.text, parameters: logged.parameters } : held;
  } catch (error) {
    if (logged) return logged;
    throw error;
  }
}

/** How Azure is asked for what ran, by the kind of resource; null where it holds none. */
function readerFor(
  resourceId: string,
  azure: EnrichDeps['azure'],
): ((id: string) => Promise<HeldScript>) | null {
  const arc = /\/Microsoft\.HybridCompute\//i.test(resourceId);
  if (/\/runCommands\/[^/]+$/i.test(resourceId)) return arc ? azure.readArcRunCommand : azure.readRunCommand;
  if (!/\/extensions\/[^/]+$/i.test(resourceId)) return null;
  const onMachine = /\/Microsoft\.Compute\/virtualMachines\/[^/]+\/extensions\/[^/]+$/i.test(resourceId);
  return onMachine ? azure.readExtension : azure.readOtherExtension;
}

/** Some writes carry their request body in the log. */
function fromLog(body: string | null): HeldScript | null {
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

/** A run command's output stands in the final event where the log carries it. */
function outputOnly(message: string | null, status: string): HeldScript | null {
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
