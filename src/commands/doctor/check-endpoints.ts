import type { Config } from '../../config/config';
import type { Report } from './report';

const withinMs = 5000;

/** Everything outside that the configuration makes the bot talk to: each must answer, whatever it answers. */
export async function checkReach(config: Config, report: Report): Promise<void> {
  const origins = [...new Set(talksTo(config).map((url) => new URL(url).origin))];
  await Promise.all(
    origins.map(async (origin) => {
      const fault = await faultOf(origin);
      report({
        name: `reach ${origin}`,
        ok: fault === null,
        says: fault ?? 'answers',
        fix: `let the bot open connections to ${origin}; behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 (Node 24)`,
      });
    }),
  );
}

function talksTo({ azure, slack, teams, policy }: Config): string[] {
  const { escalation, audit } = policy;
  return [
    azure.endpoint,
    slack?.apiUrl,
    teams && !teams.local ? 'https://login.microsoftonline.com' : undefined,
    teams && !teams.local ? 'https://smba.trafficmanager.net' : undefined,
    escalation?.url,
    escalation?.webhook?.url,
    audit?.webhook,
  ].filter((url) => url !== undefined);
}

async function faultOf(origin: string): Promise<string | null> {
  try {
    await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(withinMs) });
    return null;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error & { code?: string } };
    return `no answer within ${withinMs / 1000} s: ${cause?.code ?? cause?.message ?? message}`;
  }
}
