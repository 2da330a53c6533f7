import type { Router } from 'express';
import type { JSONWebKeySet } from 'jose';
import { createApi } from '../api/api';
import { readAccessToken } from '../api/auth/access-token';
import { createAuthenticate } from '../api/auth/authenticate';
import { createIssuerKeys } from '../api/auth/issuer-keys';
import { createIssuer } from '../chat/console/sign-in/discover';
import { readReport } from '../health/read-report';
import { sendRequest } from '../runtime/outgoing-request';
import type { AppCore } from './app-core';
import { linkTo } from './link-to';

/** The HTTP API, for a process with the role serve. */
export function serveApi(core: AppCore): Router {
  const { config, store, queues, azure, people, press, getView, log, now } = core;
  const { signIn } = config;
  const link = linkTo(config);
  return createApi({
    log,
    now,
    authenticate: createAuthenticate({
      consoleToken: config.consoleToken,
      readToken: signIn && tokenReader(core, signIn),
      failures: store.apiLimits.failures,
      identify: (presser) => people.identify(presser, null),
      mayRead: people.mayRead,
      log,
    }),
    limits: store.apiLimits,
    openIdUrl: signIn && `${signIn.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    searchAlerts: store.alerts.search,
    getView,
    linkTo: link,
    rights: { config, inGroup: people.inGroup, mayRead: people.mayRead },
    dryRun: { azure, linkTo: link },
    press,
    presses: store.apiPresses,
    outcomeOf: store.pressResults.get,
    approvals: { list: store.measures.listApprovals, get: store.measures.getApproval },
    measures: { list: store.measures.listOpen, get: store.measures.get },
    exceptions: {
      list: store.exceptions.list,
      get: store.exceptions.get,
      usesOf: store.exceptions.uses,
    },
    entriesBefore: store.audit.before,
    health: () => readReport({ config, store, queues, azure, now }),
    feed: store.feed,
  });
}

/** Longest request to the issuer, ms. */
const timeoutMs = 5000;

/** Reads access tokens of the issuer that people sign in with. */
function tokenReader({ log, now }: AppCore, signIn: NonNullable<AppCore['config']['signIn']>) {
  const issuer = createIssuer(signIn);
  const keys = createIssuerKeys({
    now,
    onError: (error) => log.warn({ error }, 'could not read the keys of the OpenID issuer'),
    read: async () => {
      const url = (await issuer()).serverMetadata().jwks_uri ?? '';
      // Issuers may be on a private network.
      const { status, text } = await sendRequest({ url, method: 'GET', timeoutMs, allowPrivate: true });
      if (status !== 200) throw new Error(`the keys of the OpenID issuer: HTTP ${status}`);
      return JSON.parse(text) as JSONWebKeySet;
    },
  });
  const audiences = [signIn.clientId, `api://${signIn.clientId}`, signIn.apiUri];
  return (token: string) => readAccessToken(token, { issuer: signIn.issuer, audiences, keys, now });
}
