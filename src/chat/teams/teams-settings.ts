import { z } from 'zod';
import type { SurfaceSettings } from '../../config/surface-settings';

export type TeamsCloud = 'public' | 'gcc' | 'gcchigh' | 'dod' | 'china';

export interface TeamsConfig {
  readonly appId: string;
  readonly appPassword: string;
  readonly tenantId: string;
  readonly cloud: TeamsCloud;
  readonly channel: string | null;
  /** Microsoft's Agents Playground on loopback: requests carry no token. */
  readonly local: boolean;
}

const variables = {
  TEAMS_APP_ID: z.string().min(1),
  TEAMS_APP_PASSWORD: z.string().min(1),
  TEAMS_TENANT_ID: z.string().min(1),
  TEAMS_CHANNEL: z.string().min(1),
  TEAMS_CLOUD: z
    .enum(['public', 'gcc', 'gcchigh', 'dod', 'china'])
    .meta({ expected: 'public, gcc, gcchigh, dod or china' }),
  TEAMS_LOCAL: z.enum(['0', '1']).meta({ expected: '1 or 0' }),
};

export const teamsSettings: SurfaceSettings<typeof variables, TeamsConfig> = {
  name: 'teams',
  variables,
  secrets: ['TEAMS_APP_PASSWORD'],
  read: (values, { host, faults }) => {
    const local = values.TEAMS_LOCAL === '1';
    if (!local && !values.TEAMS_APP_ID && !values.TEAMS_APP_PASSWORD) return null;
    if (local && !['127.0.0.1', '::1', 'localhost'].includes(host))
      faults.push(
        `TEAMS_LOCAL: got 1 with RUNWATCH_HOST ${host}, expected a loopback address: without an app id anyone could press buttons`,
      );
    for (const name of local ? [] : (['TEAMS_APP_ID', 'TEAMS_APP_PASSWORD', 'TEAMS_TENANT_ID'] as const))
      if (!values[name]) faults.push(`${name}: unset, expected a value, because Teams is enabled`);
    return {
      appId: local ? '' : (values.TEAMS_APP_ID ?? ''),
      appPassword: values.TEAMS_APP_PASSWORD ?? '',
      tenantId: values.TEAMS_TENANT_ID ?? '',
      cloud: values.TEAMS_CLOUD ?? 'public',
      channel: values.TEAMS_CHANNEL ?? null,
      local,
    };
  },
  shown: (teams) => ({ ...teams, appPassword: '(set, not shown)' }),
};
