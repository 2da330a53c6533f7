import { sendArmJson } from '../connection/arm-json';
import { AzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

/** Microsoft.Network's version that this SDK speaks; interfaces are read and written whole, so the two must agree. */
const apiVersion = '2025-05-01';

/**
 * A network interface exactly as ARM wrote it. It is kept as raw JSON since the SDK's models drop fields that they
 * don't know, and a write that drops a field changes the interface.
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
   * Attaches a security group to an interface (none when null), unless somebody changed it since it was read.
   * @throws {AzureError} 412 PreconditionFailed when somebody did
   */
  async function setGroup(nic: Interface, groupId: string | null): Promise<void> {
    const properties = { ...nic.body.properties };
    if (groupId) properties.networkSecurityGroup = { id: groupId };
    else delete properties.networkSecurityGroup;
    await send('PUT', nic.id, { ...nic.body, properties }, { 'if-match': nic.etag });
    await untilProvisioned(nic.id);
  }

  /** The PUT's answer only begins the change; the interface itself says when it is through. */
  async function untilProvisioned(id: string): Promise<void> {
    const deadline = Date.now() + 5 * 60_000;
    for (let wait = 25; ; wait = Math.min(wait * 2, 5000)) {
      const { body } = await readInterface(id);
      const state = body.properties.provisioningState;
      if (state === 'Succeeded' || state === undefined) return;
      if (state === 'Failed' || Date.now() > deadline) {
        throw new AzureError(
          `interface ${id.split('/').at(-1)} ended as ${state}`,
          'ProvisioningFailed',
          500,
          0,
          'look at the interface in Azure, then try again',
        );
      }
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  /** Ids of the public addresses on an interface, by the name of its IP configuration. */
  const publicAddressesOf = ({ body }: Interface): Record<string, string> =>
    Object.fromEntries(
      configurationsOf(body).flatMap(({ name, properties }) =>
        properties.publicIPAddress?.id ? [[name, properties.publicIPAddress.id]] : [],
      ),
    );

  /**
   * Gives an interface's IP configurations these public addresses, and takes all others off.
   * @throws {AzureError} 412 PreconditionFailed when somebody changed it since it was read
   */
  async function setPublicAddresses(nic: Interface, addresses: Record<string, string>): Promise<void> {
    const ipConfigurations = configurationsOf(nic.body).map((configuration) => {
      const { publicIPAddress: _, ...properties } = configuration.properties;
      const id = addresses[configuration.name];
      return { ...configuration, properties: id ? { ...properties, publicIPAddress: { id } } : properties };
    });
    const properties = { ...nic.body.properties, ipConfigurations };
    await send('PUT', nic.id, { ...nic.body, properties }, { 'if-match': nic.etag });
    await untilProvisioned(nic.id);
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
