/** A record of Azure's activity log, independent of its source shape. */
export interface ActivityEvent {
  /**
   * A digest of correlation id, operation, status, resource, time and caller. It is the same in every shape;
   * Azure's eventDataId is missing from Event Hubs records.
   */
  id: string;
  /** When it happened (eventTimestamp), RFC 3339 in UTC with milliseconds. */
  time: string;
  /** When Azure's log accepted it (submissionTimestamp), if the shape has it. */
  submitted: string | null;
  /** The operation's name as Azure wrote it; compare case-insensitively. */
  operation: string;
  status: EventStatus;
  /** Azure's sub-status or result signature, e.g. "Forbidden". */
  subStatus: string | null;
  /** The target resource, with the original letter case if any field preserves it. */
  resourceId: string;
  subscriptionId: string;
  correlationId: string;
  caller: Caller;
  /** Azure denied the call because of missing permissions: nothing ran. */
  refused: boolean;
  /** The role assignment that allowed the call, as far as the record shows; null when denied. */
  grantedBy: Grant | null;
  /** The request body that Azure logged with a write, if any. It may contain secrets. */
  requestBody: string | null;
  /** Azure's failure message, or the run command's output if the log contains it. */
  message: string | null;
}

export type EventStatus = 'started' | 'accepted' | 'succeeded' | 'failed' | 'unknown';

export type CallerType = 'User' | 'ServicePrincipal' | 'ManagedIdentity' | 'Unknown';

export interface Caller {
  /** Entra object id; null if the record has none. */
  id: string | null;
  /**
   * For display: the UPN, or another name from the record. People can choose it, so no decision depends on
   * it.
   */
  name: string;
  /**
   * The UPN, if the record has one that the caller cannot choose. Absent in alerts of versions before 0.2.
   */
  upn?: string | null | undefined;
  type: CallerType;
  /** The IP address of the request according to the log record, never the one in the token. */
  ip: string | null;
  /** When the event with the address was logged, RFC 3339. */
  ipAt?: string | undefined;
  appId: string | null;
  /** The tenant id of a caller from another tenant, or the domain of a guest's identity provider. */
  home?: string | undefined;
  /** The person's name from the token ("Dana Reyes"), if any. */
  displayName?: string | undefined;
  /** Authentication methods from the token (amr), e.g. ["pwd", "mfa"]. */
  authMethods?: string[] | undefined;
  /** Object ids of groups, where the token carried them. */
  groups?: string[] | undefined;
  /** The Azure resource whose managed identity called (claim xms_mirid). */
  managedIdentityResource?: string | undefined;
}

/** The UPN that identifies a person; null for applications or if the record has none. */
export const upnOf = ({ upn, type, name }: Caller): string | null =>
  upn === undefined ? (type === 'User' && name.includes('@') ? name : null) : upn;

/** The caller's identifier for exceptions; empty if nothing identifies them. */
export const identifierOf = (caller: Caller): string => upnOf(caller) ?? caller.id ?? caller.appId ?? '';

export interface Grant {
  role: string;
  /** Scope of the role assignment; null if the log has only the role. */
  scope: string | null;
  /** The assignment's GUID; null if the log has none. */
  assignmentId: string | null;
  principalId?: string | undefined;
  principalType?: string | undefined;
  /** GUID of the role definition. */
  roleDefinitionId?: string | undefined;
}

/** A record that could not be parsed, with the reason. */
export interface UnreadableRecord {
  reason: string;
  /** The first 2,000 characters of the record. */
  excerpt: string;
}
