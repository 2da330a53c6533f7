import { discover } from '../../chat/console/sign-in/discover';
import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';
import { OutgoingError } from '../../runtime/outgoing-request';

/** Checks that the issuer of the console's sign-in answers and is the configured one. */
export async function checkSignIn({ signIn }: Pick<Config, 'signIn'>, report: Report): Promise<void> {
  if (!signIn) return;
  const { issuer, redirectUri, signedOutUri } = signIn;
  const about = { name: 'sign-in to the console', topic: 'sign-in-to-the-console' };
  try {
    await discover(signIn);
    const says = `${issuer} answers; register there the redirect URIs ${redirectUri} and, for sign-out, ${signedOutUri}`;
    report({ ...about, ok: true, says });
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: unknown; message?: unknown } };
    const detail = cause instanceof OutgoingError ? cause.message : (cause?.code ?? cause?.message);
    report({
      ...about,
      ok: false,
      says: `${issuer}: ${message}${typeof detail === 'string' ? ` (${detail})` : ''}`.slice(0, 300),
      fix: `set RUNWATCH_OIDC_ISSUER to the "issuer" in ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration, and allow connections to it`,
    });
  }
}
