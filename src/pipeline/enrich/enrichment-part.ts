import type { Azure } from '../../azure/azure';
import type { PolicyFile } from '../../config/config';
import type { Alert } from '../../domain/alerts/alert';
import type { Facts } from '../../domain/alerts/facts';
import type { GeoDatabases } from '../../runtime/geo-databases';
import type { Store } from '../../store/store';

export interface EnrichDeps {
  azure: Azure;
  store: Store;
  policy: PolicyFile;
  geo: GeoDatabases;
  /** The Log Analytics workspace whose logs are evidence; null without one. */
  workspaceId?: string | null;
}

/** One part of an alert's enrichment. Throws if it fails. */
export interface Part {
  /** Name shown to readers when this part is missing. */
  what: string;
  /** It ends when the time is up and returns what it has by then. Others are abandoned. */
  endsInTime?: true;
  /**
   * Asks for what the alert's facts lack.
   * @param late rejects when the time is up
   */
  ask: (alert: Alert, deps: EnrichDeps, late: Promise<never>) => Promise<Facts>;
}
