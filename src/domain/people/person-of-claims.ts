import { z } from 'zod';
import { guid } from '../text/guid';
import { plainLine } from '../text/plain-text';
import { phrase } from '../text/translate';
import type { Presser } from './person';

/** Who signed in, and their groups by the issuer's claim: null if it is absent or incomplete. */
export interface Claimed {
  presser: Presser;
  groups: string[] | null;
}

const maxGroups = 1000;
const text = z.string().max(1000).optional().catch(undefined);
const schema = z.object({
  sub: z.string().min(1).max(255),
  name: text,
  preferred_username: text,
  upn: text,
  email: z.email().max(320).optional().catch(undefined),
  email_verified: z.unknown().optional(),
  xms_edov: z.unknown().optional(),
  tid: text,
  oid: text,
  idp: text,
  hd: text,
  acct: z.unknown().optional(),
  groups: z.array(z.string().max(200)).max(maxGroups).optional().catch(undefined),
  hasgroups: z.unknown().optional(),
  _claim_names: z.unknown().optional(),
});
type Claims = z.output<typeof schema>;

/** Entra's authorities and token issuers. Source: "National clouds", learn.microsoft.com. */
const entraHosts = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'sts.windows.net',
  'sts.chinacloudapi.cn',
]);

export const isEntra = (issuer: string): boolean => entraHosts.has(new URL(issuer).hostname);

/**
 * The person whom an ID token names: in Entra by tenant and object id, else by issuer and subject. Only
 * Entra's `tid` and `oid` are directory ids; at another issuer, people may choose such claims themselves.
 */
export function personOfClaims(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
): Claimed | { refused: string } {
  const parsed = schema.safeParse(claims);
  if (!parsed.success) return { refused: phrase('The sign-in service sent an invalid identity.') };
  const known = isEntra(issuer) ? entraPerson(parsed.data, issuer) : otherPerson(parsed.data, issuer);
  if ('refused' in known) return known;
  const { name, preferred_username } = parsed.data;
  const shown = plainLine(name || preferred_username || known.email || known.id, 80) || known.id;
  const presser: Presser = { surface: 'console', name: shown, issuer, ...known };
  return { presser, groups: groupsOf(parsed.data) };
}

type Ids = Pick<Presser, 'id' | 'email' | 'objectId' | 'tenant'>;

function entraPerson(claims: Claims, issuer: string): Ids | { refused: string } {
  const [tenant, objectId] = [guid(claims.tid ?? ''), guid(claims.oid ?? '')];
  if (!tenant || !objectId || !new URL(issuer).pathname.toLowerCase().includes(tenant))
    return { refused: phrase('The sign-in service did not say which account of the organization you are.') };
  if (isGuest(claims, issuer, tenant))
    return { refused: phrase('Guests cannot use Runwatch. Ask a member of the organization.') };
  const isVerified = ['1', 'true'].includes(String(claims.xms_edov).toLowerCase());
  return { id: objectId, objectId, tenant, ...emailIf(isVerified, claims) };
}

/**
 * An account of another tenant or provider. `acct` is an optional claim; `idp` names the provider where it is
 * not the issuer. Source: "ID token claims reference", learn.microsoft.com.
 */
function isGuest({ acct, idp, preferred_username, upn }: Claims, issuer: string, tenant: string): boolean {
  if (String(acct) === '1') return true;
  if (idp !== undefined && idp !== issuer && !idp.toLowerCase().includes(tenant)) return true;
  return [preferred_username, upn].some((name) => /#EXT#/i.test(name ?? ''));
}

function otherPerson(claims: Claims, issuer: string): Ids | { refused: string } {
  const id = `${issuer}#${claims.sub}`;
  if (id.length > 200) return { refused: phrase('The sign-in service sent an identifier that is too long.') };
  return { id, ...emailIf(claims.email_verified === true && isOwnDomain(claims, issuer), claims) };
}

/**
 * Google verifies that an address receives mail, also of a consumer account that an employee keeps. Only `hd`
 * says that the organization manages the account. Source: "OpenID Connect", developers.google.com.
 */
const isOwnDomain = ({ email, hd }: Claims, issuer: string): boolean =>
  issuer !== 'https://accounts.google.com' || email?.toLowerCase().endsWith(`@${hd?.toLowerCase()}`) === true;

const emailIf = (isVerified: boolean, { email }: Claims): Pick<Presser, 'email'> =>
  isVerified && email ? { email: email.toLowerCase() } : {};

/** With too many groups, Entra sends a link to Microsoft Graph or `hasgroups` instead. */
function groupsOf({ groups, hasgroups, _claim_names }: Claims): string[] | null {
  const elsewhere = z.object({ groups: z.unknown().optional() }).safeParse(_claim_names);
  const isOverage = hasgroups !== undefined || (elsewhere.success && elsewhere.data.groups !== undefined);
  return isOverage || !groups ? null : groups.map((group) => group.toLowerCase());
}
