import { join } from 'node:path';
import { parseCookie, stringifySetCookie } from 'cookie';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Presser } from '../../domain/people/person';
import { readAssets, sendAsset, serveAssets } from '../console/assets';
import { forbiddenText, isLocal, isOwnForm } from '../console/auth';
import type { DemoPerson } from '../console/demo-parts';
import { setPageHeaders } from '../console/page-headers';
import { createSessions } from '../console/sessions';
import { ownPath } from '../console/sign-in/cookies';
import type { SignIn } from '../console/sign-in/sign-in';
import type { PersonDeps } from '../console/sign-in/sign-in-deps';
import { slackCss } from '../slack/render-css';
import { peoplePage } from './people-page';

/** Not `Secure`: Safari does not take such cookies from http://127.0.0.1. */
const cookie = 'runwatch_demo';

/** Slack's look, dark where the reader's system is. */
const slackStyle = slackCss.replace(
  /^\.slack\.dark(\{.*\})$/m,
  '@media (prefers-color-scheme: dark){.slack$1}',
);
const assets = serveAssets(
  new Map(
    readAssets(join(__dirname, 'assets'), '.css', '.mjs').map(([file, text]) =>
      file === 'demo.css' ? [file, `${slackStyle}${text}`] : [file, text],
    ),
  ),
);

/** The directory of the people, and the configured issuer, so that they count like those who signed in there. */
interface Directory {
  tenant: string;
  issuer: string;
}

/**
 * Sign-in by a click as one of the demo's people, only for local requests. It replaces the proof of who
 * somebody is; their account, rights and approvals are checked like everyone's.
 */
export function createDemoSignIn(
  people: readonly DemoPerson[],
  directory: Directory,
  { keyring, host, identify, mayRead, now }: PersonDeps,
): SignIn {
  const sessionsOf = ({ id }: DemoPerson) => createSessions(keyring, `demo ${id}`, now);
  const presserOf = ({ id, name, login }: DemoPerson): Presser => ({
    surface: 'console',
    id,
    name,
    email: login,
    objectId: id,
    ...directory,
  });

  async function authenticate(request: Request) {
    if (!isLocal(request, host)) return null;
    const session = parseCookie(request.headers.cookie ?? '')[cookie] ?? '';
    const [id = '', signed = ''] = session.split('/', 2);
    const person = people.find((one) => one.id === id);
    if (!person || !sessionsOf(person).isValid(signed)) return null;
    const endsAt = sessionsOf(person).endsAt(signed);
    const known = await identify(presserOf(person));
    if ('refused' in known)
      return { presser: presserOf(person), session, endsAt, denied: known.refused, isStale: false };
    const denied = (await mayRead(known.presser)) ? null : 'You may not read here.';
    return { presser: known.presser, session, endsAt, denied, isStale: false };
  }

  const onlyLocal: RequestHandler = (request, response, next) => {
    setPageHeaders(request, response);
    if (isLocal(request, host)) next();
    else response.status(403).send(forbiddenText(host));
  };

  function begin(request: Request, response: Response): void {
    const given = (request.body ?? {}) as Record<string, unknown>;
    const person = people.find(({ id }) => id === given.person);
    if (!isOwnForm(request) || !person) return void response.status(403).send('Choose one of the people.');
    const sessions = sessionsOf(person);
    const value = `${person.id}/${sessions.begin()}`;
    const attributes = {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      maxAge: sessions.maxAgeSeconds,
    } as const;
    response.append('set-cookie', stringifySetCookie({ name: cookie, value, ...attributes }));
    response.redirect(303, ownPath(given.next));
  }

  const router = Router();
  router.get('/assets/:name', sendAsset);
  router.get('/demo/assets/:name', assets);
  router.get('/sign-in', onlyLocal, async (request, response) => {
    const current = (await authenticate(request))?.presser.id;
    response.send(peoplePage(people, ownPath(request.query.next), current));
  });
  const form = express.urlencoded({ extended: false, limit: '8kb', parameterLimit: 10 });
  router.post('/sign-in/as', onlyLocal, form, begin);
  return { authenticate, router };
}
