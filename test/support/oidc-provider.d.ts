/** The part of oidc-provider that the tests use: the package has no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export interface Context {
    path: string;
    status: number;
    body: unknown;
    oidc?: { params?: Record<string, string | undefined> };
  }
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    callback(): RequestListener;
  }
}
