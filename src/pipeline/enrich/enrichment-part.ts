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

/** One part of what is found out about an alert; it throws when it can't be had. */
export interface Part {
  /** In the reader's words, for "… is missing, because". */
  what: string;
  ask: (alert: Alert, deps: EnrichDeps) => Promise<Partial<Facts>>;
}
