import { z } from 'zod';
import { canonicalJson } from '../text/canonical-json';
import { type ExtensionType, extensionTypeOf } from './extension-kind';

/** What Azure stores about a script that ran: a managed run command, or an extension's public settings. */
export interface StoredScript {
  text: string | null;
  parameters: string[];
  runAs: string | null;
  output: string | null;
  exitCode: number | null;
  /** The text is only the script's URL, or the id of a built-in script. */
  fetchedFrom?: boolean | undefined;
  /** Of an extension; null if Azure does not say. */
  extension?: ExtensionType | null | undefined;
}

/** A list of Azure's, entry by entry: odd ones are kept as JSON, so that a digest covers whatever was there. */
const list = z.unknown().optional();
const entriesOf = (value: unknown): unknown[] =>
  value === undefined || value === null ? [] : [value].flat();

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const parameter = z.object({ name: z.string(), value: z.string() });
const parameterText = (given: unknown): string => {
  const { data } = parameter.safeParse(given);
  return data ? `${data.name}=${data.value}` : shown(given);
};

/** A field that is left out where Azure's answer has another type. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const asObject = (value: unknown): object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

const runCommand = z.object({
  source: optional(
    z.object({
      script: optional(z.string()),
      scriptUri: optional(z.string()),
      commandId: optional(z.string()),
    }),
  ),
  parameters: list,
  runAsUser: optional(z.string()),
  instanceView: optional(
    z.object({
      output: optional(z.string()),
      error: optional(z.string()),
      exitCode: optional(z.number()),
    }),
  ),
});

/**
 * A managed run command, with its output and exit code.
 * @see https://learn.microsoft.com/rest/api/compute/virtual-machine-run-commands/get-by-virtual-machine
 */
export function runCommandScript(properties: unknown): StoredScript {
  const { source, parameters, runAsUser, instanceView } = runCommand.parse(asObject(properties));
  return {
    text: source?.script ?? source?.scriptUri ?? source?.commandId ?? null,
    parameters: entriesOf(parameters).map(parameterText),
    runAs: runAsUser ?? null,
    output: [instanceView?.output, instanceView?.error].filter(Boolean).join('\n') || null,
    exitCode: instanceView?.exitCode ?? null,
    fetchedFrom: !source?.script,
  };
}

const extension = z.object({
  publisher: optional(z.string()),
  type: optional(z.string()),
  settings: optional(z.record(z.string(), z.unknown())),
  instanceView: optional(
    z.object({ substatuses: optional(z.array(z.object({ message: optional(z.string()) }))) }),
  ),
});

const settings = z.object({
  commandToExecute: optional(z.string()),
  script: optional(z.string()),
  fileUris: list,
});

/** What an extension runs, from its public settings. Azure never returns protected settings. */
export function extensionScript(properties: unknown): StoredScript {
  const found = extension.parse(asObject(properties));
  const given = found.settings ?? {};
  const { commandToExecute, script, fileUris } = settings.parse(given);
  const inline = script ? Buffer.from(script, 'base64').toString('utf8') : null;
  const rest = Object.keys(given).length > 0 ? JSON.stringify(given, null, 2) : null;
  const output = (found.instanceView?.substatuses ?? []).flatMap(({ message }) => message || []).join('\n');
  return {
    text: commandToExecute ?? inline ?? rest,
    parameters: [
      `${found.publisher ?? ''}.${found.type ?? ''}`,
      ...entriesOf(fileUris).map((uri) => `fetches ${shown(uri)}`),
    ],
    runAs: null,
    output: output || null,
    exitCode: null,
    extension: extensionTypeOf(found),
  };
}

/** As text; compressed data stays as it is. */
function fromBase64(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64'));
  } catch {
    return text;
  }
}

const nothing = { parameters: [], runAs: null, output: null, exitCode: null };

/** What a machine, a scale set or one of its instances runs. A scale set keeps it in a profile of its machines. */
const machine = z.object({
  userData: optional(z.string()),
  applicationProfile: optional(z.object({ galleryApplications: list })),
  virtualMachineProfile: optional(
    z.object({
      userData: optional(z.string()),
      applicationProfile: optional(z.object({ galleryApplications: list })),
    }),
  ),
});

/**
 * The user data and the gallery applications of a machine, read with `$expand=userData`. Null is not set. Azure never
 * returns custom data.
 * @see https://learn.microsoft.com/rest/api/compute/virtual-machines/get
 * @see https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/get
 */
export function machineContent(properties: unknown): { userData: string | null; applications: string[] } {
  const found = machine.parse(asObject(properties));
  const { userData, applicationProfile } = found.virtualMachineProfile ?? found;
  return {
    userData: userData ? fromBase64(userData) : null,
    applications: entriesOf(applicationProfile?.galleryApplications).map(canonicalJson),
  };
}

export const userDataScript = (properties: unknown): StoredScript => ({
  ...nothing,
  text: machineContent(properties).userData,
});

export const attachedApplications = (properties: unknown): StoredScript => ({
  ...nothing,
  text: machineContent(properties).applications.join('\n') || null,
  fetchedFrom: true,
});

const applicationVersion = z.object({
  publishingProfile: optional(
    z.object({
      source: optional(z.object({ mediaLink: optional(z.string()) })),
      manageActions: optional(
        z.object({
          install: optional(z.string()),
          update: optional(z.string()),
          remove: optional(z.string()),
        }),
      ),
    }),
  ),
});

/**
 * The commands of a gallery application's version, and the package that they come with.
 * @see https://learn.microsoft.com/rest/api/compute/gallery-application-versions/get
 */
export function applicationVersionScript(properties: unknown): StoredScript {
  const { source, manageActions } = applicationVersion.parse(asObject(properties)).publishingProfile ?? {};
  const commands = [manageActions?.install, manageActions?.update, manageActions?.remove];
  return {
    ...nothing,
    text: commands.filter(Boolean).join('\n') || null,
    parameters: source?.mediaLink ? [`fetches ${source.mediaLink}`] : [],
  };
}
