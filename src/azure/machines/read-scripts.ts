import { parseResourceId } from '../../domain/resources/resource-id';
import { sendArmJson } from '../connection/arm-json';
import { toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

/** What Azure stores about a script: a managed run command or an extension's public settings. */
export interface StoredScript {
  text: string | null;
  parameters: string[];
  runAs: string | null;
  output: string | null;
  exitCode: number | null;
  /** The text is a script URL or the id of a built-in script, not the script itself. */
  fetchedFrom?: boolean | undefined;
}

/** A managed run command on a machine or scale set instance, with output and exit code. */
export async function readRunCommand(clients: AzureClients, resourceId: string): Promise<StoredScript> {
  const id = parseResourceId(resourceId);
  const names = (id?.chain ?? []).map((pair) => pair.name);
  const compute = clients.compute(id?.subscriptionId ?? '');
  const options = { expand: 'instanceView' };
  try {
    const [first = '', second = '', third] = names;
    const command =
      third === undefined
        ? await compute.virtualMachineRunCommands.getByVirtualMachine(
            id?.resourceGroup ?? '',
            first,
            second,
            options,
          )
        : await compute.virtualMachineScaleSetVMRunCommands.get(
            id?.resourceGroup ?? '',
            first,
            second,
            third,
            options,
          );
    const view = command.instanceView;
    return {
      text: command.source?.script ?? command.source?.scriptUri ?? command.source?.commandId ?? null,
      parameters: (command.parameters ?? []).map((parameter) => `${parameter.name}=${parameter.value}`),
      fetchedFrom: !command.source?.script,
      runAs: command.runAsUser ?? null,
      output: [view?.output, view?.error].filter(Boolean).join('\n') || null,
      exitCode: view?.exitCode ?? null,
    };
  } catch (error) {
    throw toAzureError(error, 'the run command');
  }
}

/** API versions for resources without an SDK client here: Arc servers and scale set extensions. */
const versions = { 'microsoft.hybridcompute': '2024-07-10', 'microsoft.compute': '2024-07-01' } as const;

/** A resource's properties, for run commands and extensions that the compute client does not support. */
async function readProperties(
  clients: AzureClients,
  resourceId: string,
  what: string,
): Promise<Record<string, unknown>> {
  const id = parseResourceId(resourceId);
  const version =
    versions[(id?.provider.toLowerCase() ?? '') as keyof typeof versions] ?? versions['microsoft.compute'];
  const response = await sendArmJson(clients, {
    id: resourceId,
    apiVersion: version,
    query: { $expand: 'instanceView' },
    what,
  });
  return JSON.parse(response.bodyAsText ?? '{}').properties ?? {};
}

/** A run command on an Arc server. */
export async function readArcRunCommand(clients: AzureClients, resourceId: string): Promise<StoredScript> {
  const p = (await readProperties(clients, resourceId, 'the run command')) as {
    source?: { script?: string; scriptUri?: string; commandId?: string };
    parameters?: { name: string; value: string }[];
    runAsUser?: string;
    instanceView?: { output?: string; error?: string; exitCode?: number };
  };
  return {
    text: p.source?.script ?? p.source?.scriptUri ?? p.source?.commandId ?? null,
    parameters: (p.parameters ?? []).map(({ name, value }) => `${name}=${value}`),
    runAs: p.runAsUser ?? null,
    output: [p.instanceView?.output, p.instanceView?.error].filter(Boolean).join('\n') || null,
    exitCode: p.instanceView?.exitCode ?? null,
  };
}

/** An extension of an Arc server or scale set, from its public settings. */
export async function readOtherExtension(clients: AzureClients, resourceId: string): Promise<StoredScript> {
  const p = (await readProperties(clients, resourceId, 'the extension')) as {
    publisher?: string;
    type?: string;
    settings?: ExtensionSettings;
  };
  return fromSettings(p.settings ?? {}, `${p.publisher ?? ''}.${p.type ?? ''}`, null);
}

interface ExtensionSettings {
  commandToExecute?: string;
  script?: string;
  fileUris?: string[];
}

function fromSettings(settings: ExtensionSettings, kind: string, output: string | null): StoredScript {
  const inline = settings.script ? Buffer.from(settings.script, 'base64').toString('utf8') : null;
  const rest = Object.keys(settings).length > 0 ? JSON.stringify(settings, null, 2) : null;
  return {
    text: settings.commandToExecute ?? inline ?? rest,
    parameters: [kind, ...(settings.fileUris ?? []).map((uri) => `fetches ${uri}`)],
    runAs: null,
    output,
    exitCode: null,
  };
}

/** What an extension runs, from its public settings. Azure never returns protected settings. */
export async function readExtension(clients: AzureClients, resourceId: string): Promise<StoredScript> {
  const id = parseResourceId(resourceId);
  const [machine, extension] = id?.chain ?? [];
  try {
    const found = await clients
      .compute(id?.subscriptionId ?? '')
      .virtualMachineExtensions.get(id?.resourceGroup ?? '', machine?.name ?? '', extension?.name ?? '', {
        expand: 'instanceView',
      });
    const output = (found.instanceView?.substatuses ?? [])
      .map((status) => status.message)
      .filter(Boolean)
      .join('\n');
    return fromSettings(
      (found.settings ?? {}) as ExtensionSettings,
      `${found.publisher ?? ''}.${found.typePropertiesType ?? ''}`,
      output || null,
    );
  } catch (error) {
    throw toAzureError(error, 'the extension');
  }
}
