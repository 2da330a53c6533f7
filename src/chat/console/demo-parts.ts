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
}
