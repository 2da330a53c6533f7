import { sendArmJson } from './arm-json';
import { callAzure } from './azure-error';
import type { AzureClients } from './clients';

/**
 * The properties of a resource with its instance view, as ARM returns them.
 * @throws {AzureError}
 */
export const readProperties = (clients: AzureClients, id: string, apiVersion: string): Promise<unknown> =>
  callAzure(`the resource ${id.split('/').at(-1)}`, async () => {
    const request = { id, apiVersion, query: { $expand: 'instanceView' }, what: 'the resource' };
    const { bodyAsText } = await sendArmJson(clients, request);
    return (JSON.parse(bodyAsText ?? '{}') as { properties?: unknown }).properties;
  });
