import { sendArmJson } from '../connection/arm-json';
import { AzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

/**
 * The SDK's Microsoft.Network API version. Interfaces are written back whole, so the versions must match.
 */
const apiVersion = '2025-05-01';

/**
 * A network interface exactly as ARM returned it, as raw JSON. The SDK's models drop unknown fields, and
 * writing without a field changes the interface.
 */
export interface Interface {
  id: string;
  etag: string;
  body: InterfaceBody;
}

interface InterfaceBody {
  etag?: string;
  properties: { networkSecurityGroup?: { id: string } | null; provisioningState?: string } & Record<
    string,
    unknown
  >;
  [field: string]: unknown;
}

export function createNetwork(clients: AzureClients) {
  const send = (method: 'GET' | 'PUT', id: string, body?: unknown, headers?: Record<string, string>) =>
    sendArmJson(clients, {
      method,
      id,
      apiVersion,
      body,
      ...(headers ? { headers } : {}),
      what: `${method} ${id.split('/').slice(-2).join(' ')}`,
    });

  async function readInterface(id: string): Promise<Interface> {
    const response = await send('GET', id);
    const body = JSON.parse(response.bodyAsText ?? '{}') as InterfaceBody;
    return { id, etag: response.headers.get('etag') ?? body.etag ?? '', body };
  }

  /**
   * Sets or, with null, removes an interface's security group.
   * @throws {AzureError} 412 PreconditionFailed if the interface changed since it was read
   */
  async function setGroup(nic: Interface, groupId: string | null): Promise<void> {
    const properties = { ...nic.body.properties };
    if (groupId) properties.networkSecurityGroup = { id: groupId };
    else delete properties.networkSecurityGroup;
    await send('PUT', nic.id, { ...nic.body, properties }, { 'if-match': nic.etag });
    await waitUntilProvisioned(nic.id);
  }

  /** The PUT only starts the change. The interface's provisioningState shows when it is done. */
  async function waitUntilProvisioned(id: string): Promise<void> {
    const deadline = Date.now() + 5 * 60_000;
    for (let wait = 25; ; wait = Math.min(wait * 2, 5000)) {
      const { body } = await readInterface(id);
      const state = body.properties.provisioningState;
      if (state === 'Succeeded' || state === undefined) return;
      if (state === 'Failed' || Date.now() > deadline) {
        throw new AzureError(
          `interface ${id.split('/').at(-1)} ended in state ${state}`,
          'ProvisioningFailed',
          500,
          0,
          'check the interface in Azure, then try again',
        );
      }
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  /** An interface's public IP address ids by IP configuration name. */
  const publicAddressesOf = ({ body }: Interface): Record<string, string> =>
    Object.fromEntries(
      configurationsOf(body).flatMap(({ name, properties }) =>
        properties.publicIPAddress?.id ? [[name, properties.publicIPAddress.id]] : [],
      ),
    );

  /**
   * Sets the public IP addresses of an interface and detaches all others.
   * @throws {AzureError} 412 PreconditionFailed if the interface changed since it was read
   */
  async function setPublicAddresses(nic: Interface, addresses: Record<string, string>): Promise<void> {
    const ipConfigurations = configurationsOf(nic.body).map((configuration) => {
      const { publicIPAddress: _, ...properties } = configuration.properties;
      const id = addresses[configuration.name];
      return { ...configuration, properties: id ? { ...properties, publicIPAddress: { id } } : properties };
    });
    const properties = { ...nic.body.properties, ipConfigurations };
    await send('PUT', nic.id, { ...nic.body, properties }, { 'if-match': nic.etag });
    await waitUntilProvisioned(nic.id);
  }

  return { readInterface, setGroup, publicAddressesOf, setPublicAddresses };
}
export type AzureNetwork = ReturnType<typeof createNetwork>;

interface IpConfiguration {
  name: string;
  properties: { publicIPAddress?: { id?: string } } & Record<string, unknown>;
}
const configurationsOf = (body: InterfaceBody) =>
  (body.properties.ipConfigurations as IpConfiguration[] | undefined) ?? [];
