import type { Presser } from '../alerts/alert';
import type { ActionId } from '../config';

/** A press as it leaves a surface. */
export interface SurfacePress {
  alertId: string;
  action: ActionId;
  by: Presser;
  input?: Record<string, unknown>;
  /** The surface's own id of this press, so that one delivered twice counts once. */
  nonce: string;
}
