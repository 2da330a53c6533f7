import type { Tenant } from './tenant/tenant';
import type { World } from './world';

/** A demo scenario: adds events to the tenant when it is played. */
export interface Scenario {
  name: string;
  says: string;
  /** Not played by default, only from the panel or by name. */
  extra?: true;
  play: (tenant: Tenant, world: World) => void;
}
