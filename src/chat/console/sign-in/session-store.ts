import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Presser } from '../../../domain/people/person';
import type { Keyring } from '../../../runtime/keyring';
import { personKey } from './claimed-groups';
import { idleMs, lifetimeMs, maxSessions, unrenewedMs } from './limits';

/** Stores sealed sessions by the hash of their id. */
export interface SealedSessions {
  session: (key: string) => Promise<string | null>;
  addSession: (
    key: string,
    person: string,
    sealed: string,
    limits: { seconds: number; listSeconds: number; at: number; most: number },
  ) => Promise<void>;
  changeSession: (key: string, seconds: number, change: (sealed: string) => string) => Promise<void>;
  endSession: (key: string, person: string) => Promise<void>;
}

const schema = z.object({
  presser: z.object({
    surface: z.literal('console'),
    id: z.string(),
    name: z.string(),
    email: z.string().optional(),
    objectId: z.string().optional(),
    tenant: z.string().optional(),
    issuer: z.string(),
  }),
  startedAt: z.number(),
  /** Last use, ms since 1970. */
  seenAt: z.number(),
  /** When the issuer last vouched for the person, ms since 1970. */
  checkedAt: z.number(),
  refreshToken: z.string().nullable(),
  /** Tells the issuer at sign-out which of its sessions to end. */
  idToken: z.string().nullable(),
});
export type Session = z.output<typeof schema>;

/** Use is recorded at most this often, ms. */
const seenStepMs = 60_000;
/** A longer token is not kept: sign-out and renewal work without it, with less comfort. */
const maxTokenLength = 8192;

/** The id that the browser holds; only its hash is stored. */
export const sessionKey = (id: string): string => createHash('sha256').update(id).digest('base64url');

/** When a session ends if nobody uses it again, ms since 1970. */
export const endOf = ({ startedAt, seenAt, refreshToken }: Session): number =>
  Math.min(startedAt + (refreshToken ? lifetimeMs : unrenewedMs), seenAt + idleMs);

/** Sessions of people who signed in. Sealed, so that writing to Redis can't create one. */
export function createSessionStore(store: SealedSessions, keyring: Keyring, now: () => number) {
  const contextOf = (key: string) => `session ${key}`;
  const seal = (key: string, session: Session) =>
    keyring.seal('sign-in', contextOf(key), JSON.stringify(session));

  function open(key: string, sealed: string): Session | null {
    const text = keyring.open('sign-in', contextOf(key), sealed);
    return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null);
  }

  const change = (key: string, to: (session: Session) => Session): Promise<void> =>
    store.changeSession(key, idleMs / 1000, (sealed) => {
      const session = open(key, sealed);
      return session ? seal(key, to(session)) : sealed;
    });

  return {
    change,
    /** Begins a session and returns the id for the browser. */
    begin: async (given: {
      presser: Presser;
      refreshToken: string | undefined;
      idToken: string | undefined;
    }): Promise<string> => {
      const id = randomBytes(32).toString('base64url');
      const key = sessionKey(id);
      const at = now();
      const kept = (token: string | undefined) => (token && token.length <= maxTokenLength ? token : null);
      const session = schema.parse({
        presser: given.presser,
        startedAt: at,
        seenAt: at,
        checkedAt: at,
        refreshToken: kept(given.refreshToken),
        idToken: kept(given.idToken),
      });
      const limits = { seconds: idleMs / 1000, listSeconds: lifetimeMs / 1000, at, most: maxSessions };
      await store.addSession(key, personKey(given.presser), seal(key, session), limits);
      return id;
    },
    /** The session if it exists and has not ended. */
    find: async (key: string): Promise<Session | null> => {
      const sealed = await store.session(key);
      const session = sealed ? open(key, sealed) : null;
      if (!session) return null;
      return now() < endOf(session) ? session : null;
    },
    /** Records that the session is used. */
    touch: async (key: string, { seenAt }: Session): Promise<void> => {
      const at = now();
      if (at - seenAt >= seenStepMs) await change(key, (session) => ({ ...session, seenAt: at }));
    },
    end: (key: string, { presser }: Session): Promise<void> => store.endSession(key, personKey(presser)),
  };
}
export type SessionStore = ReturnType<typeof createSessionStore>;
