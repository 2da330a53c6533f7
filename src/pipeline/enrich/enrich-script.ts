import type { Facts, RunFacts, ScriptFacts } from '../../domain/alerts/facts';
import { keptText, scriptFacts } from '../../domain/alerts/script-facts';
import { is, parseResourceId, typeOf } from '../../domain/resources/resource-id';
import { techniqueOf } from '../../domain/techniques/catalogue';
import type { Execution } from '../../domain/techniques/execution';
import { extensionTypeIn } from '../../domain/techniques/extension-kind';
import type { StoredScript } from '../../domain/techniques/stored-script';
import { redact } from '../../domain/text/redact';
import { shortDigest } from '../../domain/text/short-digest';
import { phrase } from '../../domain/text/translate';
import type { EnrichDeps, Part } from './enrichment-part';
import { readEach } from './read-each';

/** How much is kept of all scripts, and of all outputs, of one alert, characters. */
const keptOfAll = 1_000_000;

/** The script of each execution, if Azure holds it. Secrets are redacted before anything is stored. */
export const script: Part = {
  what: phrase('the script'),
  endsInTime: true,
  ask: async (alert, { azure }, late) => {
    const asked = alert.executions.filter((execution) => {
      const run = alert.facts.runs?.[execution.key];
      return !run || (!run.final && execution.status !== 'started');
    });
    const { answers, missing } = await readEach(
      script.what,
      asked,
      (execution) => storedScript(execution, azure),
      late,
    );
    const redactOnce = memoizeText(redact);
    const runs: Record<string, RunFacts> = {};
    const scripts: Record<string, ScriptFacts> = {};
    for (const [execution, held] of answers) {
      const output = held?.output ? await redactOnce(held.output) : null;
      const facts = held && (held.text !== null || held.runAs) ? await scriptFacts(held, redactOnce) : null;
      const id = facts && shortDigest(JSON.stringify(facts));
      if (id) scripts[id] = facts;
      runs[execution.key] = {
        script: id,
        output: output?.text.slice(0, keptText) ?? null,
        exitCode: held?.exitCode ?? null,
        redacted: output?.kinds ?? [],
        ...(held?.extension === undefined ? {} : { extension: held.extension }),
        final: execution.status !== 'started',
      };
    }
    return answers.length > 0 ? { runs, scripts, missing } : { missing };
  },
};

type Redact = typeof redact;

/** Executions of a burst often run the same script. */
function memoizeText(redactText: Redact): Redact {
  const known = new Map<string, ReturnType<Redact>>();
  return (text) => {
    const answer = known.get(text) ?? redactText(text);
    known.set(text, answer);
    return answer;
  };
}

/** Facts in which many long scripts or outputs are cut, so that the alert stays small. */
export function withinLimits(facts: Facts): Facts {
  const cut = <T extends object>(all: Record<string, T>, field: keyof T) => {
    const kept = Math.floor(keptOfAll / Math.max(1, Object.keys(all).length));
    const isLong = (one: T) => ((one[field] as string | null) ?? '').length > kept;
    if (!Object.values(all).some(isLong)) return all;
    const short = (one: T): T =>
      isLong(one) ? { ...one, [field]: (one[field] as string).slice(0, kept) } : one;
    return Object.fromEntries(Object.entries(all).map(([id, one]) => [id, short(one)]));
  };
  return {
    ...facts,
    ...(facts.scripts ? { scripts: cut(facts.scripts, 'text') } : {}),
    ...(facts.runs ? { runs: cut(facts.runs, 'output') } : {}),
  };
}

async function storedScript(
  { technique, resourceId, requestBody, message, status, refused }: Execution,
  azure: EnrichDeps['azure'],
): Promise<StoredScript | null> {
  if (refused) return null;
  const logged = fromLog(requestBody);
  const id = parseResourceId(resourceId);
  const type = id && typeOf(id);
  const { script } = techniqueOf(technique);
  const resources = script.where === 'resource' ? script.resources : [];
  const stored = resources.find((resource) => type !== null && is(resource.type, type));
  if (!stored) return logged ?? outputOnly(message, status);
  try {
    const held = stored.read(await azure.readProperties(resourceId, stored.apiVersion, stored.expand));
    // The resource may have been overwritten since. The log has what actually ran.
    return logged ? withLogged(held, logged) : held;
  } catch (error) {
    if (logged) return logged;
    throw error;
  }
}

const withLogged = (held: StoredScript, { text, parameters, extension }: StoredScript): StoredScript => ({
  ...held,
  ...(text === null ? {} : { text, parameters }),
  ...(extension ? { extension } : {}),
});

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
    const extension = extensionTypeIn(body);
    if (text === null && !extension) return null;
    return {
      text,
      ...(extension ? { extension } : {}),
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
