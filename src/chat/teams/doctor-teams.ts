import type { DoctorContext } from '../define-surface';
import { teamsClouds } from './authenticate';
import type { TeamsConfig } from './teams-settings';

/**
 * Checks that the app secret gets a Bot Framework token, and that the bot knows a conversation from Teams.
 */
export async function checkTeams(
  settings: TeamsConfig | null,
  { state, tokenOf, report }: DoctorContext,
): Promise<void> {
  if (!settings || settings.local) return;
  const { appId, tenantId, cloud } = settings;
  const { authority, scope } = teamsClouds[cloud];
  try {
    await tokenOf({ ...settings, authority }, scope);
    report({
      name: 'teams app',
      topic: 'teams-app',
      ok: true,
      says: `${appId} gets a token from tenant ${tenantId}`,
    });
  } catch (error) {
    report({
      name: 'teams app',
      topic: 'teams-app',
      ok: false,
      says:
        String((error as Error).message)
          .split('\n')[0]
          ?.slice(0, 300) ?? '',
      fix: `az ad app credential reset --id ${appId}; set TEAMS_APP_PASSWORD to the printed password and TEAMS_TENANT_ID to the bot's tenant`,
    });
  }
  if (!state) return;
  const installed = Object.keys(await state.conversations()).length;
  report({
    name: 'teams conversations',
    topic: 'teams-conversations',
    ok: installed > 0,
    optional: true,
    says:
      installed > 0
        ? `the app is installed in ${installed}`
        : 'the app is not installed anywhere, so nothing is posted',
    fix: 'run runwatch manifest teams --package runwatch.zip, upload it under Manage your apps, and add it to the team',
  });
}
