import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { SignInConfig } from '../../../config/sign-in-settings';
import type { Presser } from '../../../domain/people/person';
import type { Keyring } from '../../../runtime/keyring';
import type { Log } from '../../../runtime/log';
import type { Identified } from '../../surface-press';
import type { ClaimedGroups } from './claimed-groups';
import type { SealedSessions } from './session-store';

/** What decides who a person is, and whether they may read. */
export interface PersonDeps {
  /** The address that the server listens on. */
  host: string;
  keyring: Keyring;
  now: () => number;
  /** The person as the directory knows them now, or why they may not use Runwatch. */
  identify: (presser: Presser) => Promise<Identified>;
  mayRead: (presser: Presser) => Promise<boolean>;
}

export interface SignInDeps extends Omit<PersonDeps, 'host'> {
  config: SignInConfig;
  log: Log;
  store: SealedSessions & {
    /** True the first time only, for some seconds. */
    use: (id: string, seconds: number) => Promise<boolean>;
    lock: (key: string, seconds: number) => Promise<boolean>;
    unlock: (key: string) => Promise<void>;
  };
  claimedGroups: ClaimedGroups;
  /** Counts failed sign-ins per IP address. */
  failures: RateLimiterAbstract;
  /** Writes a denied sign-in to the audit log, at most once an hour for each person. */
  denied: (presser: Presser, why: string) => Promise<void>;
}
