import type { ActionDeps, PressJob } from '../actions/action';
import type { Identified } from '../chat/surface-press';
import type { Presser } from '../domain/people/person';
import type { Metrics } from '../runtime/metrics';
import type { InGroup } from './authorize';

export interface PerformDeps extends ActionDeps {
  inGroup: InGroup;
  mayRead: (presser: Presser) => Promise<boolean>;
  metrics: Metrics;
  /** Asks the surface to verify who pressed. */
  identify: (press: PressJob) => Promise<Identified>;
  /** Sends the presser a message that only they see. */
  replyPrivately: (press: PressJob, text: string) => Promise<void>;
}
