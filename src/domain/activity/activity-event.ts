/** One record of Azure's activity log, whichever of the four shapes it came in. */
export interface ActivityEvent {
  /**
   * A digest of correlation id, operation, status, resource and time: the same in each shape, since Azure's eventDataId is
   * missing from what Event Hubs carries.
   */
  id: string;
  /** When it happened (eventTimestamp), RFC 3339 in UTC with milliseconds. */
  time: string;
  /** When Azure's log accepted it (submissionTimestamp), if the shape says. */
  submitted: string | null;
  /** The operation's name as Azure wrote it; compare without case. */
  operation: string;
  status: EventStatus;
  /** Azure's sub-status or result signature, e.g. "Forbidden". */
  subStatus: string | null;
  /** The resource acted on, in the best case that the record has. */
  resourceId: string;
  subscriptionId: string;
  correlationId: string;
  caller: Caller;
  /** Azure refused the call for want of permission: nothing ran. */
  refused: boolean;
  /** The role assignment that let the call through, as far as the record says; null when refused. */
  grantedBy: Grant | null;
  /** The request body that Azure logged with a write, if it did; may hold secrets. */
  requestBody: string | null;
  /** What Azure said of a failure, or the run command's output where the log carries it. */
  message: string | null;
}

export type EventStatus = 'started' | 'accepted' | 'succeeded' | 'failed' | 'unknown';

export type CallerType = 'User' | 'ServicePrincipal' | 'ManagedIdentity' | 'Unknown';

export interface Caller {
  /** Entra object id, or null where the record has none. */
  id: string | null;
  /** For showing: the UPN, or what the record calls them. People can choose it, so nothing is decided by it. */
  name: string;
  /** The UPN, where the record has one that its caller cannot choose; absent in alerts of versions before 0.2. */
  upn?: string | null | undefined;
  type: CallerType;
  /** Where the request came from, as the record of the request says; never the address in the token. */
  ip: string | null;
  /** When the event was logged that named the address, RFC 3339. */
  ipAt?: string | undefined;
  appId: string | null;
  /** The person's name from the token ("Dana Reyes"), if any. */
  displayName?: string | undefined;
  /** Authentication methods from the token (amr), e.g. ["pwd", "mfa"]. */
  authMethods?: string[] | undefined;
  /** Object ids of groups, where the token carried them. */
  groups?: string[] | undefined;
  /** The Azure resource whose managed identity called (claim xms_mirid). */
  managedIdentityResource?: string | undefined;
}

/** The UPN that identifies a person; null for applications, and where the record does not say. */
export const upnOf = ({ upn, type, name }: Caller): string | null =>
  upn === undefined ? (type === 'User' && name.includes('@') ? name : null) : upn;

/** What an exception can name this caller by; empty where nothing identifies them. */
export const identifierOf = (caller: Caller): string => upnOf(caller) ?? caller.id ?? caller.appId ?? '';

export interface Grant {
  role: string;
  /** Scope of the role assignment; null where the log names the role only. */
  scope: string | null;
  /** The assignment's GUID; null where the log does not name it. */
  assignmentId: string | null;
  principalId?: string | undefined;
  principalType?: string | undefined;
  /** GUID of the role definition. */
  roleDefinitionId?: string | undefined;
}

/** A record that could not be read, kept aside with its reason. */
export interface UnreadableRecord {
  reason: string;
  /** The record's beginning, cut to 2,000 characters. */
  excerpt: string;
}
