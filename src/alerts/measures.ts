import type { Presser } from './alert';
import type { Deed } from './deed';
import type { Exception } from './exception';

/** What responses did beside isolation, each with what its undo needs; null while nothing was done. */
export interface Measures {
  lock?: Lock | null;
  revocation?: Revocation | null;
  snapshots?: Snapshot[];
  asked?: Asked | null;
  /** Id of the exception that one press saved; Undo removes it. */
  quickException?: string | null;
  /** An exception too broad for one person, until a second, different responder confirms it. */
  pendingException?: { exception: Exception; why: string; by: Presser; at: string } | null;
  /** What people added from elsewhere, oldest first. */
  notes?: Note[];
  /** What responses did in steps, by action. */
  deeds?: Record<string, Deed>;
  escalation?: Escalation | null;
  watch?: Watched | null;
  /** Presses that wait for a second responder, by action. */
  waiting?: Record<
    string,
    {
      by: Presser;
      at: string;
      input?: Record<string, unknown> | undefined;
      /** The press of the second person that does it: it may be tried again. */
      approvedBy?: string | undefined;
    }
  >;
}

export interface Escalation {
  at: string;
  by: Presser;
  /** Where incidents were opened. */
  opened: { where: string; link: string }[];
}

export interface Watched {
  at: string;
  by: Presser;
  /** RFC 3339. */
  until: string;
  /** What is watched, as its key and in words. */
  owners: { key: string; words: string }[];
}

export interface Note {
  at: string;
  by: Presser;
  text: string;
  /** Where it was said, https. */
  link?: string | undefined;
}

export interface Lock {
  scope: string;
  name: string;
  status: 'locked' | 'unlocked';
}

/** A role assignment that was taken away, whole, so that it can be put back as it was. */
export interface Revocation {
  status: 'revoking' | 'revoked' | 'restored';
  scope: string;
  name: string;
  role: string;
  /** ARM's own properties of the assignment. */
  properties: {
    roleDefinitionId: string;
    principalId: string;
    principalType?: string | undefined;
    condition?: string | undefined;
    conditionVersion?: string | undefined;
    description?: string | undefined;
    delegatedManagedIdentityResourceId?: string | undefined;
  };
}

export interface Snapshot {
  diskId: string;
  snapshotId: string;
  done: boolean;
}

/** The caller was asked whether it was them. */
export interface Asked {
  at: string;
  /** Who was asked: the chat's user id. */
  userId: string;
  name: string;
  answer: 'yes' | 'no' | 'automation' | null;
  answeredAt: string | null;
  /** What they wrote beside the answer. */
  note?: string | undefined;
  /** They were given this many minutes and did not answer. */
  silentFor?: number | undefined;
}
