import { randomUUID } from 'node:crypto';
import { ArmError, notFound } from './answers';

export interface Resource {
  id: string;
  name: string;
  type: string;
  location?: string;
  tags?: Record<string, string>;
  etag: string;
  properties: Record<string, unknown>;
  [field: string]: unknown;
}

/** ARM resources by case-insensitive id. Every write changes the ETag. */
export function createResources() {
  const byId = new Map<string, Resource>();
  const key = (id: string) => id.toLowerCase().replace(/\/+$/, '');
  const newEtag = () => `W/"${randomUUID()}"`;

  function put(
    id: string,
    body: Partial<Resource>,
    ifMatch?: string,
    ifNoneMatch?: string,
  ): { resource: Resource; created: boolean } {
    const existing = byId.get(key(id));
    if (ifMatch && ifMatch !== '*' && existing?.etag !== ifMatch) throw preconditionFailed();
    if (ifMatch && !existing) throw preconditionFailed();
    if (ifNoneMatch === '*' && existing) throw preconditionFailed();
    const segments = id.split('/').filter(Boolean);
    const from = segments.findLastIndex((segment) => segment.toLowerCase() === 'providers');
    const type = [segments[from + 1], ...segments.slice(from + 2).filter((_, i) => i % 2 === 0)].join('/');
    const resource: Resource = {
      ...existing,
      ...body,
      id: existing?.id ?? id,
      name: segments.at(-1) ?? '',
      type,
      etag: newEtag(),
      properties: { ...(body.properties ?? {}) },
    };
    byId.set(key(id), resource);
    return { resource, created: !existing };
  }

  function get(id: string): Resource {
    const found = byId.get(key(id));
    if (!found) throw notFound(id);
    return found;
  }

  return {
    put,
    get,
    find: (id: string) => byId.get(key(id)) ?? null,
    remove: (id: string) => byId.delete(key(id)),
    /** Direct children of a path, e.g. …/virtualMachines. */
    under: (path: string) =>
      [...byId.values()].filter(
        (r) =>
          key(r.id).startsWith(`${key(path)}/`) &&
          !key(r.id)
            .slice(key(path).length + 1)
            .includes('/'),
      ),
    all: () => [...byId.values()],
    ofType: (type: string) => [...byId.values()].filter((r) => r.type.toLowerCase() === type.toLowerCase()),
  };
}
export type Resources = ReturnType<typeof createResources>;

const preconditionFailed = () =>
  new ArmError(
    412,
    'PreconditionFailed',
    'Precondition failed: the ETag given by If-Match does not match the current one.',
  );
