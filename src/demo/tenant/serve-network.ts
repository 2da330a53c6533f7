import { randomUUID } from 'node:crypto';
import { type Answer, ArmError, type ArmRequest } from './answers';
import type { Resource, Resources } from './resources';

const header = (request: ArmRequest, name: string) => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/**
 * Serves interfaces and security groups. A write and the first read after it answer "Updating"; later reads answer
 * "Succeeded". Fields that ARM owns (MAC address, GUID) ignore the body.
 */
export function answerNetwork(request: ArmRequest, resources: Resources, subscription: string): Answer {
  const path = request.path;
  if (request.method === 'GET') {
    const resource = resources.find(path);
    if (resource) {
      const answer: Answer = {
        status: 200,
        body: structuredClone(resource),
        headers: { etag: resource.etag },
      };
      resource.properties.provisioningState = 'Succeeded';
      return answer;
    }
    const list = resources.under(path);
    if (list.length > 0 || !/\/[^/]+\/[^/]+$/.test(path.split(/\/providers\//i)[1] ?? ''))
      return { status: 200, body: { value: list } };
    return {
      status: 404,
      body: {
        error: {
          code: 'ResourceNotFound',
          message: `The Resource '${path.split('/providers/')[1]}' was not found.`,
        },
      },
    };
  }
  if (request.method === 'DELETE') {
    const used = resources.all().find((r) => groupOf(r)?.toLowerCase() === path.toLowerCase());
    if (used)
      throw new ArmError(
        400,
        'InUseNetworkSecurityGroupCannotBeDeleted',
        `Network security group ${path} cannot be deleted since it is used by ${used.id}.`,
      );
    return { status: resources.remove(path) ? 200 : 204 };
  }
  const body = request.body as Partial<Resource> | null;
  const isInterface = /\/networkInterfaces\/[^/]+$/i.test(path);
  const existing = resources.find(path);
  if (!body?.location)
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  if (existing?.location && existing.location.toLowerCase() !== body.location.toLowerCase()) {
    throw new ArmError(
      409,
      'InvalidResourceLocation',
      `The resource '${existing.name}' already exists in location '${existing.location}'.`,
    );
  }
  if (isInterface) checkInterface(body, resources);
  const own = existing
    ? {
        macAddress: existing.properties.macAddress,
        resourceGuid: existing.properties.resourceGuid,
        virtualMachine: existing.properties.virtualMachine,
      }
    : { resourceGuid: randomUUID() };
  const properties = { ...body.properties, ...own, provisioningState: 'Updating' };
  for (const [name, value] of Object.entries(properties))
    if (value === undefined) delete (properties as Record<string, unknown>)[name];
  const { resource, created } = resources.put(
    path,
    { ...body, properties },
    header(request, 'if-match'),
    header(request, 'if-none-match'),
  );
  return {
    status: created ? 201 : 200,
    body: structuredClone(resource),
    headers: {
      etag: resource.etag,
      'retry-after': '0',
      'azure-asyncoperation': `${request.origin}/subscriptions/${subscription}/providers/Microsoft.Network/locations/${body.location}/operations/${randomUUID()}?api-version=2025-05-01`,
    },
  };
}

function checkInterface(body: Partial<Resource>, resources: Resources): void {
  const properties = body.properties as
    | { ipConfigurations?: unknown[]; networkSecurityGroup?: { id?: string } }
    | undefined;
  if (!properties?.ipConfigurations?.length) {
    throw new ArmError(
      400,
      'NetworkInterfaceMustHaveIpConfigurations',
      'A network interface must have at least one IP configuration.',
    );
  }
  const groupId = properties.networkSecurityGroup?.id;
  if (!groupId) return;
  const group = resources.find(groupId);
  if (!group)
    throw new ArmError(
      400,
      'InvalidResourceReference',
      `Resource ${groupId} referenced by the interface was not found.`,
    );
  if (group.location?.toLowerCase() !== body.location?.toLowerCase()) {
    throw new ArmError(
      400,
      'InvalidResourceReference',
      `Resource ${groupId} is in another region than the interface.`,
    );
  }
}

export const groupOf = (resource: Resource): string | undefined =>
  (resource.properties.networkSecurityGroup as { id?: string } | undefined)?.id;

const idOf = (path: string) => path.replace(/\/[^/]+$/, '');

/** Effective rules of a running machine's interface. Answers with a Location, as ARM does. */
export function answerEffectiveRules(
  request: ArmRequest,
  resources: Resources,
  subscription: string,
): Answer {
  const nic = resources.get(idOf(request.path));
  const machine = resources.find((nic.properties.virtualMachine as { id?: string } | undefined)?.id ?? '');
  if (machine && !JSON.stringify(machine.properties.instanceView ?? {}).includes('PowerState/running'))
    throw new ArmError(
      400,
      'NetworkInterfaceNotAttachedToRunningVM',
      `Network interface ${nic.id} used in request is not attached to a running VM.`,
    );
  const location = `${request.origin}/subscriptions/${subscription}/providers/Microsoft.Network/locations/${nic.location}/operationResults/${Buffer.from(nic.id).toString('base64url')}?api-version=2025-05-01`;
  return { status: 202, headers: { location, 'retry-after': '0' } };
}

/** The result at the Location from {@link answerEffectiveRules}. */
export function effectiveRules(request: ArmRequest, resources: Resources): Answer {
  const nicId = Buffer.from(request.path.split('/').at(-1) ?? '', 'base64url').toString();
  const group = resources.find(groupOf(resources.get(nicId)) ?? '');
  const rules = (group?.properties.securityRules ?? []) as { name: string; properties: object }[];
  const value = group
    ? [
        {
          networkSecurityGroup: { id: group.id },
          association: { networkInterface: { id: nicId } },
          effectiveSecurityRules: rules.map(({ name, properties }) => ({
            name: `securityRules/${name}`,
            ...properties,
          })),
        },
      ]
    : [];
  return { status: 200, body: { value } };
}
