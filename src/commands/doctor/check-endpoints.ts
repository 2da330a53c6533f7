import { configuredSurfaces } from '../../chat/surfaces';
import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';
import { sendRequest } from '../../runtime/outgoing-request';

const timeoutMs = 5000;

/** Checks that every external endpoint in the configuration answers, with any status. */
export async function checkEndpoints(config: Config, report: Report): Promise<void> {
  const webhooks = config.policy.webhooks ?? [];
  const refusing = webhooks.filter(({ allowPrivate }) => !allowPrivate).map(({ url }) => new URL(url).origin);
  const urls = [...endpointsOf(config), ...webhooks.map(({ url }) => url)];
  const origins = [...new Set(urls.map((url) => new URL(url).origin))];
  await Promise.all(
    origins.map(async (origin) => {
      const fault = await faultOf(origin, !refusing.includes(origin));
      report({
        name: `reach ${origin}`,
        topic: 'address',
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

async function faultOf(origin: string, allowPrivate: boolean): Promise<string | null> {
  try {
    await sendRequest({ url: origin, method: 'HEAD', maxBytes: 0, timeoutMs, allowPrivate });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
