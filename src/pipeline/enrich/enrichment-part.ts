import type { Azure } from '../../azure/azure';
import type { PolicyFile } from '../../config/config';
import type { Alert } from '../../domain/alerts/alert';
import type { Facts } from '../../domain/alerts/facts';
import type { Store } from '../../store/store';

export interface EnrichDeps {
  azure: Azure;
  store: Store;
  policy: PolicyFile;
}

/** One part of an alert's enrichment. Throws if it fails. */
export interface Part {
  /** Name shown to readers when this part is missing. */
  what: string;
  ask: (alert: Alert, deps: EnrichDeps) => Promise<Partial<Facts>>;
}
