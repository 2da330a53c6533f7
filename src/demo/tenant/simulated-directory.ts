/** A user, group or application in Entra, with the fields that roles and names need. */
export interface Principal {
  id: string;
  kind: 'User' | 'Group' | 'ServicePrincipal';
  name: string;
  /** UPN of a user, app id of an application. */
  login: string;
  /** Object ids of a group's direct members. */
  members?: string[];
  jobTitle?: string;
  enabled?: boolean;
  guest?: boolean;
  owners?: string[];
  /** The Azure resource that this managed identity belongs to. */
  managedIdentityOf?: string;
  /** A user whom Identity Protection reports. */
  risk?: { riskLevel: string; riskState: string; riskLastUpdatedDateTime: string };
}

export function createDirectory() {
  const byId = new Map<string, Principal>();
  /** Ids of a principal and of all groups that contain it, directly or nested. */
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
