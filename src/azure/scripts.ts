import { parseResourceId } from '../alerts/resource-id';
import type { AzureClients } from './clients';
import { toAzureError } from './errors';

/** What Azure holds of something that ran: a managed run command, or an extension's public settings. */
export interface HeldScript {
  text: string | null;
  parameters: string[];
  runAs: string | null;
  output: string | null;
  exitCode: number | null;
}

/** A managed run command on a machine or scale set instance, its output and exit code included. */
export async function readRunCommand(clients: AzureClients, resourceId: string): Promise<HeldScript> {
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
      runAs: command.runAsUser ?? null,
      output: [view?.output, view?.error].filter(Boolean).join('\n') || null,
      exitCode: view?.exitCode ?? null,
    };
  } catch (error) {
    throw toAzureError(error, 'the run command');
  }
}

/** What an extension runs, by its public settings; protected ones Azure never shows. */
export async function readExtension(clients: AzureClients, resourceId: string): Promise<HeldScript> {
  const id = parseResourceId(resourceId);
  const [machine, extension] = id?.chain ?? [];
  try {
    const found = await clients
      .compute(id?.subscriptionId ?? '')
      .virtualMachineExtensions.get(id?.resourceGroup ?? '', machine?.name ?? '', extension?.name ?? '', {
        expand: 'instanceView',
      });
    const settings = (found.settings ?? {}) as {
      commandToExecute?: string;
      script?: string;
      fileUris?: string[];
    };
    const inline = settings.script ? Buffer.from(settings.script, 'base64').toString('utf8') : null;
    return {
      text:
        settings.commandToExecute ??
        inline ??
        (Object.keys(settings).length > 0 ? JSON.stringify(settings, null, 2) : null),
      parameters: [
        `${found.publisher ?? ''}.${found.typePropertiesType ?? ''}`,
        ...(settings.fileUris ?? []).map((uri) => `fetches ${uri}`),
      ],
      runAs: null,
      output:
        (found.instanceView?.substatuses ?? [])
          .map((status) => status.message)
          .filter(Boolean)
          .join('\n') || null,
      exitCode: null,
    };
  } catch (error) {
    throw toAzureError(error, 'the extension');
  }
}
