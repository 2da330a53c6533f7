import type { Router } from 'express';
import type { AlertDeps } from './alert/alert-routes';
import type { Frame } from './alerts/list-routes';
import type { Html } from './html';
import type { Panel } from './pages';
import type { SignIn } from './sign-in/sign-in';
import type { PersonDeps } from './sign-in/sign-in-deps';

/** Somebody as whom a visitor of the demo signs in. What they may do is in the configuration. */
export interface DemoPerson {
  /** Object id in the tenant. */
  id: string;
  name: string;
  /** Email address. */
  login: string;
  role: string;
  /** What they may do, for the visitor. */
  may: string;
}

/** What `runwatch demo` adds to the console. No setting turns it on: only that command passes it, in code. */
export interface Demo {
  panel: Panel;
  people: readonly DemoPerson[];
  /** Takes the place of the sign-in by OpenID Connect. */
  signIn: (deps: PersonDeps) => SignIn;
  /** The chat beside a page of alerts. @param alertId null on the list */
  pane?: (alertId: string | null, csrf: string, now: number) => Html;
  addRoutes?: (router: Router, deps: AlertDeps, frame: Frame) => void;
}
