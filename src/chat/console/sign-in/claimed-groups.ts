import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Presser } from '../../../domain/people/person';
import type { Keyring } from '../../../runtime/keyring';
import { claimsMs } from './limits';

/** Stores sealed groups by person. */
export interface GroupsStore {
  groups: (person: string) => Promise<string | null>;
  noteGroups: (person: string, sealed: string, seconds: number) => Promise<void>;
  forgetGroups: (person: string) => Promise<void>;
}

const schema = z.object({ at: z.number(), groups: z.array(z.string()) });

/** The key of a person in the store. */
export const personKey = ({ issuer, id }: Presser): string =>
  createHash('sha256')
    .update(`${issuer ?? ''} ${id}`)
    .digest('base64url');

/** Groups by the issuer's claim, so that every process knows them, for as long as the claim is recent. */
export function createClaimedGroups(store: GroupsStore, keyring: Keyring, now: () => number) {
  const contextOf = (person: string) => `groups ${person}`;
  return {
    /** @param groups null: the issuer did not say, so Microsoft Graph is asked */
    note: async (presser: Presser, groups: readonly string[] | null): Promise<void> => {
      const person = personKey(presser);
      if (groups === null) return store.forgetGroups(person);
      const sealed = keyring.seal('sign-in', contextOf(person), JSON.stringify({ at: now(), groups }));
      await store.noteGroups(person, sealed, claimsMs / 1000);
    },
    /** Null if the claim is absent, incomplete or too old. */
    of: async (presser: Presser): Promise<ReadonlySet<string> | null> => {
      const person = personKey(presser);
      const sealed = await store.groups(person);
      const opened = sealed && keyring.open('sign-in', contextOf(person), sealed);
      const parsed = opened ? schema.safeParse(JSON.parse(opened)) : null;
      if (!parsed?.success || Math.abs(now() - parsed.data.at) > claimsMs) return null;
      return new Set(parsed.data.groups);
    },
  };
}
export type ClaimedGroups = ReturnType<typeof createClaimedGroups>;
