/** Entra's people, groups and applications, as far as roles and names need them. */
export interface Principal {
  id: string;
  kind: 'User' | 'Group' | 'ServicePrincipal';
  name: string;
  /** UPN of a person, app id of an application. */
  login: string;
  /** Object ids of a group's direct members. */
  members?: string[];
  jobTitle?: string;
  enabled?: boolean;
  guest?: boolean;
  owners?: string[];
  /** The Azure resource whose managed identity it is. */
  managedIdentityOf?: string;
}

export function createDirectory() {
  const byId = new Map<string, Principal>();
  /** A principal's own id and those of all groups that it is in, however deep. */
  function withGroups(id: string): Set<string> {
    const found = new Set([id]);
    for (let grew = true; grew; ) {
      grew = false;
      for (const group of byId.values()) {
        if (
          group.kind === 'Group' &&
          !found.has(group.id) &&
          group.members?.some((member) => found.has(member))
        ) {
          found.add(group.id);
          grew = true;
        }
      }
    }
    return found;
  }
  return {
    add: (principal: Principal) => {
      byId.set(principal.id, principal);
      return principal;
    },
    get: (id: string) => byId.get(id.toLowerCase()) ?? null,
    all: () => [...byId.values()],
    withGroups,
  };
}
export type Directory = ReturnType<typeof createDirectory>;
