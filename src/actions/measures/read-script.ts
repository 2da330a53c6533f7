import type { FetchedScript, ScriptFacts } from '../../domain/alerts/facts';
import { scriptFacts } from '../../domain/alerts/script-facts';
import { chunkLength, type Reading } from '../../domain/fetch-script/fetch-commands';
import { outputText, textOf } from '../../domain/fetch-script/fetched-text';
import {
  type Candidate,
  type Chunk,
  type FetchedFile,
  isSameFile,
  joinChunks,
  OddAnswer,
  readChunk,
} from '../../domain/fetch-script/read-answers';
import { redact } from '../../domain/text/redact';
import { shortDigest } from '../../domain/text/short-digest';
import { t } from '../../domain/text/translate';
import type { StepContext } from './measure-kind';
import { type OwnRunPlace, runOnMachine } from './own-runs';

/** Chunks of a script that are read. Compressed, they hold some 100,000 characters of most scripts. */
export const maxChunks = 12;
/** Chunks of an output: all of it, even if it can't be compressed. */
const maxOutputChunks = 4;
/** Characters of an output that are kept. */
const keptOutput = 10_000;

export interface ReadScript {
  entry: Omit<FetchedScript, 'execution'>;
  facts: ScriptFacts | null;
}

/** Reads a script and its output from the machine. Secrets are redacted. Says why where it can't be read. */
export async function readScript(
  place: OwnRunPlace,
  index: number,
  candidate: Candidate,
  context: StepContext,
): Promise<ReadScript> {
  const { run, version } = candidate;
  const fileAt = new Date(candidate.at).toISOString();
  const entry = { run, version, at: fileAt, script: null, output: null };
  try {
    const part = { run, version };
    const file = await readFile(place, 1 + index * 100, { what: 'script', ...part }, maxChunks, context);
    if (file.content.length === 0) throw new OddAnswer(t`the file is empty or gone`);
    const { text, exact } = textOf(file.content);
    const held = { text, parameters: [], runAs: null, output: null, exitCode: null };
    const { sha256, ...rest } = await scriptFacts(held, redact);
    const known = exact && file.complete;
    const facts: ScriptFacts = {
      ...rest,
      // Exceptions and prevalence compare this. A file on the machine proves nothing to them.
      sha256: null,
      fetched: { fileAt, sha256: known ? sha256 : null, truncated: !file.complete },
    };
    const output = await readOutput(place, 51 + index * 100, part, context);
    return { entry: { ...entry, script: shortDigest(JSON.stringify(facts)), output }, facts };
  } catch (error) {
    if (!(error instanceof OddAnswer)) throw error;
    return { entry: { ...entry, why: error.message }, facts: null };
  }
}

/** A script may still be running and print more, so an output that can't be read is left out. */
async function readOutput(
  place: OwnRunPlace,
  index: number,
  part: Pick<Candidate, 'run' | 'version'>,
  context: StepContext,
): Promise<string | null> {
  try {
    const file = await readFile(place, index, { what: 'output', ...part }, maxOutputChunks, context);
    const text = outputText(file, place.os === 'Windows');
    return text === null ? null : (await redact(text)).text.slice(0, keptOutput);
  } catch (error) {
    if (error instanceof OddAnswer) return null;
    throw error;
  }
}

async function readFile(
  place: OwnRunPlace,
  index: number,
  part: Omit<Exclude<Reading, { what: 'list' }>, 'from'>,
  most: number,
  context: StepContext,
): Promise<FetchedFile> {
  const chunks: Chunk[] = [];
  do {
    const reading = { ...part, from: chunks.length * chunkLength };
    const output = await runOnMachine(place, index + chunks.length, reading, context);
    if (output === null) throw new OddAnswer(t`the machine returned nothing`);
    const chunk = readChunk(output, reading);
    const [first = chunk] = chunks;
    if (!isSameFile(first, chunk)) throw new OddAnswer(t`the file changed while it was read`);
    chunks.push(chunk);
  } while (chunks.length < most && chunks.length * chunkLength < (chunks[0]?.length ?? 0));
  return joinChunks(chunks);
}
