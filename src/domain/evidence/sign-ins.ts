import type { Reading } from './reading';

export interface SignIn {
  at: string;
  /** The table that has it. */
  table: string;
  /** The application that was used to sign in, and what it was for. */
  app: string;
  resource: string;
  ip: string;
  /** "Frankfurt, DE". */
  location: string;
  device: string;
  /** "Browser", "Mobile Apps and Desktop clients". */
  client: string;
  succeeded: boolean;
  /** Why it failed. */
  failure: string;
  risk: RiskLevel;
  /** Identity Protection's kinds: "unfamiliarFeatures". */
  riskTypes: string[];
  /** Null where the log does not tell. */
  mfa: boolean | null;
  /** "success", "failure", "notApplied"; empty where the log does not tell. */
  conditionalAccess: string;
  /** Of an application: the id of the secret or certificate. */
  credential: string;
  /** How many equal sign-ins there were. */
  count: number;
}

export type RiskLevel = 'none' | 'low' | 'medium' | 'high';

/** A change of the caller's account, or an activation of a role by the caller. */
export interface AccountChange {
  at: string;
  kind: 'credential' | 'password' | 'security info' | 'role' | 'activation';
  /** Entra's name of the operation. */
  operation: string;
  by: string;
  /** The role; empty otherwise. */
  role: string;
  /** The justification of an activation, redacted. */
  reason: string;
}

/** What Identity Protection says of a person. */
export interface UserRisk {
  level: RiskLevel;
  state: 'atRisk' | 'confirmedCompromised';
  updatedAt: string | null;
}

/** The caller's sign-ins in the 6 h before, and changes of the account in the 7 days before. */
export interface SignInEvidence extends Reading {
  /** Newest first. */
  signIns: SignIn[];
  /** Newest first. */
  changes: AccountChange[];
  /** Null if the person is not at risk, or it is unknown. */
  risk: UserRisk | null;
  /** Tables that were read. */
  tables: string[];
  /** More was logged than was read. */
  cut: boolean;
}

/** The riskiest sign-in of medium risk or more that succeeded, the latest of them. */
export function riskySignIn({ signIns }: Pick<SignInEvidence, 'signIns'>): SignIn | null {
  const risky = signIns.filter(({ risk, succeeded }) => succeeded && levels.indexOf(risk) >= 2);
  return risky.sort((a, b) => levels.indexOf(b.risk) - levels.indexOf(a.risk))[0] ?? null;
}

const levels: readonly RiskLevel[] = ['none', 'low', 'medium', 'high'];

/** A change counts as recent for this long, ms. */
const recentMs = 24 * 3_600_000;

/** The latest change in the day before that lets somebody else use the account. */
export const recentTakeover = (
  { changes }: Pick<SignInEvidence, 'changes'>,
  startedAt: string,
): AccountChange | null =>
  changes.find(
    ({ kind, at }) =>
      (kind === 'credential' || kind === 'password' || kind === 'security info') &&
      Date.parse(startedAt) - Date.parse(at) <= recentMs,
  ) ?? null;
