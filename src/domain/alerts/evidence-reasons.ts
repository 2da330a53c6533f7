import { type AccountChange, recentTakeover, riskySignIn, type SignInEvidence } from '../evidence/sign-ins';
import { durationWords } from '../text/duration';
import { phrase, t, translate } from '../text/translate';

const changes: Readonly<Record<AccountChange['kind'], string>> = {
  credential: phrase('new credential of the application'),
  password: phrase('password changed'),
  'security info': phrase('sign-in methods changed'),
  role: phrase('role assigned'),
  activation: phrase('role activated'),
};

export const changeName = ({ kind }: Pick<AccountChange, 'kind'>): string => translate(changes[kind]);

/** What the caller's sign-ins and account add to the score, as texts; null for what they don't. */
export function evidenceReasons(signIns: SignInEvidence | undefined, startedAt: string) {
  const risky = signIns ? riskySignIn(signIns) : null;
  const change = signIns ? recentTakeover(signIns, startedAt) : null;
  const ago = (at: string) => durationWords(Math.max(0, Date.parse(startedAt) - Date.parse(at)));
  return {
    riskySignIn: risky && t`risky sign-in ${ago(risky.at)} before`,
    callerAtRisk:
      signIns?.risk &&
      (signIns.risk.state === 'confirmedCompromised'
        ? t`account confirmed compromised`
        : t`account at risk (Identity Protection)`),
    accountChanged: change && t`${changeName(change)} ${ago(change.at)} before`,
  };
}
