import type { Azure } from '../azure/azure';
import type { ConnectedSurface } from '../chat/surfaces';
import type { Config, Role } from '../config/config';
import type { AlertView } from '../domain/measures/alert-view';
import type { Queues } from '../pipeline/queues';
import type { People } from '../presses/identify';
import type { createPress } from '../presses/press';
import type { Keyring } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import type { RunInBackground } from '../runtime/retry-until-done';
import type { Store } from '../store/store';

/** What the parts of a process share. */
export interface AppCore {
  config: Config;
  has: (role: Role) => boolean;
  log: Log;
  now: () => number;
  metrics: Metrics;
  keyring: Keyring;
  store: Store;
  queues: Queues;
  azure: Azure;
  press: ReturnType<typeof createPress>;
  surfaces: readonly ConnectedSurface[];
  people: People;
  getView: (id: string) => Promise<AlertView | null>;
  /** Retries work in the background until it succeeds. */
  begin: RunInBackground;
}
