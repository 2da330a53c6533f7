import { appCredential } from '../../azure/connection/credential';
import { teamsClouds } from '../../chat/teams/authenticate';
import type { Config } from '../../config/config';
import { createStore } from '../../store/store';
import type { Report } from './report';

/**
 * Checks that the app secret gets a Bot Framework token, and that the bot knows a conversation from Teams.
 */
export async function checkTeams(
  { teams, redisUrl }: Config,
  redisAnswers: boolean,
  report: Report,
): Promise<void> {
  if (!teams || teams.local) return;
  const { appId, appPassword, tenantId } = teams;
  try {
    const { authority, scope } = teamsClouds[teams.cloud];
    await appCredential({ appId, appPassword, tenantId, authority }).getToken(`${scope}/.default`);
    report({ name: 'teams app', ok: true, says: `${appId} gets a token from tenant ${tenantId}` });
  } catch (error) {
    report({
      name: 'teams app',
      ok: false,
      says:
        String((error as Error).message)
          .split('\n')[0]
          ?.slice(0, 300) ?? '',
      fix: `az ad app credential reset --id ${appId}; set TEAMS_APP_PASSWORD to the printed password and TEAMS_TENANT_ID to the bot's tenant`,
    });
  }
  if (!redisUrl || !redisAnswers) return;
  const store = createStore({ url: redisUrl }, []);
  const installed = Object.keys(await store.teams.conversations()).length;
  await store.close();
  report({
    name: 'teams conversations',
    ok: installed > 0,
    optional: true,
    says:
      installed > 0
        ? `the app is installed in ${installed}`
        : 'the app is not installed anywhere, so nothing is posted',
    fix: 'run runwatch manifest teams --package runwatch.zip, upload it under Manage your apps, and add it to the team',
  });
}
