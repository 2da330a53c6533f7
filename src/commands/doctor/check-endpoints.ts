import { configuredSurfaces } from '../../chat/surfaces';
import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';

const timeoutMs = 5000;

/** Checks that every external endpoint in the configuration answers, with any status. */
export async function checkEndpoints(config: Config, report: Report): Promise<void> {
  const origins = [...new Set(endpointsOf(config).map((url) => new URL(url).origin))];
  await Promise.all(
    origins.map(async (origin) => {
      const fault = await faultOf(origin);
      report({
        name: `reach ${origin}`,
        ok: fault === null,
        says: fault ?? 'reachable',
        fix: `allow connections from the bot to ${origin}; behind a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 (Node 24)`,
      });
    }),
  );
}

function endpointsOf({ azure, surfaces, policy, signIn }: Config): string[] {
  const { escalation, audit, sentinel } = policy;
  return [
    azure.endpoint,
    ...configuredSurfaces(surfaces).flatMap(({ definition, settings }) => definition.endpoints(settings)),
    escalation?.url,
    escalation?.webhook?.url,
    audit?.webhook,
    sentinel?.endpoint,
    signIn?.issuer,
  ].filter((url) => url !== undefined);
}

async function faultOf(origin: string): Promise<string | null> {
  try {
    await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    return null;
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error & { code?: string } };
    return `no answer within ${timeoutMs / 1000} s: ${cause?.code ?? cause?.message ?? message}`;
  }
}
