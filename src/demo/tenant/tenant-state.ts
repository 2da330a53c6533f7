import type { ManagementGroup } from '../../domain/resources/management-group';
import type { Guest } from './guest';
import type { Resources } from './resources';
import type { LoggedRecord } from './serve-activity-log';
import type { IngestionRule } from './serve-ingestion';
import type { Workspace } from './serve-log-analytics';
import type { Directory } from './simulated-directory';

/** The state of the simulated tenant. */
export interface TenantState {
  tenantId: string;
  botId: string;
  /** Access token → object id of its identity. */
  tokens: Map<string, string>;
  /** Subscription id → display name. */
  subscriptions: Map<string, string>;
  /** Management groups above a subscription, the nearest first, by subscription id. */
  managementGroups: Map<string, ManagementGroup[]>;
  resources: Resources;
  directory: Directory;
  /** What is inside machines, by machine id in lower case. */
  guests: Map<string, Guest>;
  log: LoggedRecord[];
  /** Log Analytics workspaces that the log is exported to, by workspace id. */
  workspaces: Map<string, Workspace>;
  /** Data collection rules that receive rows, by immutable id. */
  ingestion: Map<string, IngestionRule>;
  builtInRoles: unknown[];
  customRoles: unknown[];
  denyAssignments: { id?: string; properties: { scope?: unknown; [field: string]: unknown } }[];
  /** Rules that network managers apply to every virtual network. */
  adminRules: unknown[];
  /** Azure's address ranges, in ARM's shape. */
  serviceTags: unknown[];
  pimActive: PimInstance[];
  pimEligible: PimInstance[];
  pageSize: number;
  /** Reads left, as each answer reports them. */
  remainingReads: number;
  now: () => number;
  /** Whether a caller may perform an action at a path; always true unless a test overrides it. */
  mayDo: (action: string, path: string, callerId?: string) => boolean;
}

/** A PIM schedule instance, in ARM's shape. */
export interface PimInstance {
  id: string;
  name: string;
  properties: { principalId: string; [field: string]: unknown };
}
