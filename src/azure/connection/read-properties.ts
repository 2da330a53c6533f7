import { sendArmJson } from './arm-json';
import { callAzure } from './azure-error';
import type { AzureClients } from './clients';

/**
 * The properties of a resource, as ARM returns them. A test job has them outside of `properties`.
 * @throws {AzureError}
 */
export const readProperties = (
  clients: AzureClients,
  id: string,
  apiVersion: string,
  expand?: string,
): Promise<unknown> =>
  callAzure(`the resource ${id.split('/').at(-1)}`, async () => {
    const query = expand ? { $expand: expand } : {};
    const { bodyAsText } = await sendArmJson(clients, { id, apiVersion, query, what: 'the resource' });
    const body = JSON.parse(bodyAsText ?? '{}') as { properties?: unknown };
    return body.properties ?? body;
  });
