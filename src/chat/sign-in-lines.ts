import type { Alert } from '../domain/alerts/alert';
import { changeName } from '../domain/alerts/evidence-reasons';
import type { AccountChange, SignIn, SignInEvidence } from '../domain/evidence/sign-ins';
import { plainLine } from '../domain/text/plain-text';
import { counted, phrase, t, translate } from '../domain/text/translate';
import { type Inline, joined } from './inline';

const levels = {
  none: phrase('none'),
  low: phrase('low'),
  medium: phrase('medium'),
  high: phrase('high'),
} as const;

const conditionalAccess: Readonly<Record<string, string>> = {
  success: phrase('conditional access passed'),
  failure: phrase('blocked by conditional access'),
  notApplied: phrase('no conditional access policy applied'),
};

/** The caller's sign-ins, changes of the account and its risk, one line each. Empty if nothing was read. */
export function signInLines({ facts: { signIns } }: Alert): Inline[][] {
  if (!signIns) return [];
  return [...riskLine(signIns), ...signInsOf(signIns), ...signIns.changes.map(changeLine)];
}

function riskLine({ risk }: SignInEvidence): Inline[][] {
  if (!risk) return [];
  const state =
    risk.state === 'confirmedCompromised'
      ? t`Identity Protection: account confirmed compromised`
      : t`Identity Protection: account at risk, ${translate(levels[risk.level])}`;
  return [[{ alarm: state }, ...(risk.updatedAt ? [t`, since `, { time: risk.updatedAt }] : [])]];
}

function signInsOf(signIns: SignInEvidence): Inline[][] {
  const lines = signIns.signIns.map(signInLine);
  if (lines.length > 0) return signIns.cut ? [...lines, [t`There are more sign-ins in the log.`]] : lines;
  const isRead = signIns.tables.some((table) => table !== 'AuditLogs');
  return isRead ? [[t`No sign-ins logged from `, { time: signIns.from }, t` to `, { time: signIns.to }]] : [];
}

function signInLine(signIn: SignIn): Inline[] {
  const { at, app, resource, ip, location, device, client, mfa, credential, count } = signIn;
  const place = [plainLine(ip, 45), plainLine(location, 80)].filter(Boolean).join(', ');
  return joined([
    [{ time: at }],
    outcome(signIn),
    risk(signIn),
    text([plainLine(app, 80), plainLine(resource, 80)].filter(Boolean).join(' → ')),
    text(place),
    text(mfa === null ? '' : mfa ? t`MFA` : t`no MFA`),
    text(plainLine(device, 120)),
    text(plainLine(client, 60)),
    text(translate(conditionalAccess[signIn.conditionalAccess] ?? '')),
    text(credential ? t`credential ${plainLine(credential, 60)}` : ''),
    text(count > 1 ? counted(count, '# time', '# times') : ''),
  ]);
}

const text = (value: string): Inline[] => (value ? [value] : []);

const outcome = ({ succeeded, failure }: SignIn): Inline[] => [
  succeeded ? t`signed in` : t`failed: ${plainLine(failure, 120).replace(/\.$/, '')}`,
];

function risk({ risk: level, riskTypes }: SignIn): Inline[] {
  if (level === 'none') return [];
  const types = riskTypes.map((type) => plainLine(type, 60)).join(', ');
  return [{ bold: t`risk ${translate(levels[level])}` }, types ? ` (${types})` : ''];
}

function changeLine(change: AccountChange): Inline[] {
  const { at, by, role, reason } = change;
  return joined([
    [{ time: at }],
    [{ bold: changeName(change) }],
    text(plainLine(role, 120)),
    text(by ? t`by ${plainLine(by, 80)}` : ''),
    text(reason ? t`“${plainLine(reason, 300)}”` : ''),
  ]);
}
