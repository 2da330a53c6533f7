import type { Resources } from './resources';
import type { LoggedRecord } from './serve-activity-log';
import type { Workspace } from './serve-log-analytics';
import type { Directory } from './simulated-directory';

/** All that the simulated tenant is made of. */
export interface TenantState {
  tenantId: string;
  botId: string;
  /** Subscription id → display name. */
  subscriptions: Map<string, string>;
  resources: Resources;
  directory: Directory;
  log: LoggedRecord[];
  /** Log Analytics workspaces that the log is exported to, by workspace id. */
  workspaces: Map<string, Workspace>;
  builtInRoles: unknown[];
  customRoles: unknown[];
  denyAssignments: unknown[];
  /** What network managers apply to every virtual network. */
  adminRules: unknown[];
  pimActive: PimInstance[];
  pimEligible: PimInstance[];
  pageSize: number;
  now: () => number;
  /** May the bot do the action at this path? Everything, unless a test says otherwise. */
  mayDo: (action: string, path: string) => boolean;
}

/** A PIM schedule instance, in ARM's shape. */
export interface PimInstance {
  id: string;
  name: string;
  properties: { principalId: string; [field: string]: unknown };
}
