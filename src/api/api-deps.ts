import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { ReadOnlyDeps } from '../actions/action';
import type { SurfacePress } from '../chat/surface-press';
import type { PolicyFile, ResponderRule } from '../config/config';
import type { AlertQuery } from '../domain/alerts/alert-query';
import type { AlertRow } from '../domain/alerts/alert-row';
import type { AuditReader } from '../domain/audit/search-entries';
import type { Change } from '../domain/change';
import type { Exception } from '../domain/exceptions/exception';
import type { AlertView } from '../domain/measures/alert-view';
import type { Approval } from '../domain/measures/approval';
import type { Measure } from '../domain/measures/measure';
import type { Presser } from '../domain/people/person';
import type { HealthReport } from '../domain/system-health/health-report';
import type { InGroup } from '../presses/authorize';
import type { Authenticate } from './auth/authenticate';

/** A press that the API queued. */
export interface ApiPress {
  pressId: string;
  /** Key of the caller, who alone learns what became of it. */
  caller: string;
  action: string;
  alertId: string;
  /** When it was requested, RFC 3339. */
  at: string;
}

export interface ApiDeps extends AuditReader {
  authenticate: Authenticate;
  /** Requests by IP address, and requests, actions and searches by caller. */
  limits: Readonly<Record<'address' | 'caller' | 'acts' | 'searches', RateLimiterAbstract>>;
  /** Where the OpenID issuer describes itself; null without one. */
  openIdUrl: string | null;
  searchAlerts: (
    query: AlertQuery,
    options: { limit: number; cursor: string | null },
  ) => Promise<{ alerts: AlertRow[]; next: string | null; total: number | `at least ${number}` }>;
  getView: (id: string) => Promise<AlertView | null>;
  linkTo: (alertId: string) => string | null;
  /** What decides who may do what. */
  rights: {
    config: { responders: readonly ResponderRule[]; policy: PolicyFile };
    inGroup: InGroup;
    mayRead: (presser: Presser) => Promise<boolean>;
  };
  dryRun: ReadOnlyDeps;
  press: (press: SurfacePress) => Promise<string>;
  presses: {
    /** Stores a press under its caller's idempotency key, or returns the one that is there. */
    take: (key: string, request: string, press: ApiPress) => Promise<{ request: string; press: ApiPress }>;
    find: (key: string) => Promise<{ request: string; press: ApiPress } | null>;
    get: (pressId: string) => Promise<ApiPress | null>;
  };
  outcomeOf: (
    pressId: string,
  ) => Promise<{ result: 'done' | 'refused' | 'failed' | 'asked'; text: string } | null>;
  approvals: { list: () => Promise<Approval[]>; get: (id: string) => Promise<Approval | null> };
  measures: { list: () => Promise<Measure[]>; get: (id: string) => Promise<Measure | null> };
  exceptions: {
    list: () => Promise<Exception[]>;
    get: (id: string) => Promise<Exception | null>;
    usesOf: (id: string) => Promise<number>;
  };
  health: () => Promise<HealthReport>;
  feed: {
    after: (cursor: string, limit: number) => Promise<{ changes: Change[]; next: string; lost: boolean }>;
    newest: () => Promise<string>;
  };
  now: () => number;
}
