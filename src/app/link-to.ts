import type { Config } from '../config/config';

/** Link to an alert's page in the console; null while no public URL is configured. */
export const linkTo =
  ({ publicUrl }: Pick<Config, 'publicUrl'>) =>
  (alertId: string): string | null =>
    publicUrl === null ? null : `${publicUrl}/console/alerts/${alertId}`;
