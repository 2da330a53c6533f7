import { scriptDigest } from '../techniques/script';
import type { StoredScript } from '../techniques/stored-script';
import { canonicalJson } from '../text/canonical-json';

/** A managed run command of ours on a machine. */
export interface OwnRunId {
  /** Its name, which nobody can guess. */
  name: string;
  /** Its resource id, in lower case. */
  id: string;
  /** The machine's resource id. */
  machineId: string;
  /** Object id of the identity that writes it, in lower case. */
  objectId: string;
  /** SHA-256 of its script. */
  sha256: string;
  alertId: string;
  /** The press that it belongs to. */
  press: string;
}

/** The fields that must be protected from tampering: they decide what is removed and what raises no alert. */
export const signedPart = ({ name, id, machineId, objectId, sha256, alertId, press }: OwnRunId): string =>
  canonicalJson({ name, id, machineId, objectId, sha256, alertId, press });

/** Name of a managed run command of ours. `token` is random, so nobody can use the name before us. */
export const ownRunName = (token: string, index: number): string => `runwatch-${token}-${index}`;

export const isOwnRunName = (name: string): boolean => /^runwatch-[0-9a-f]{32}-\d{1,4}$/.test(name);

/** Whether a managed run command runs exactly this script, with nothing added to it. */
export const runsOnly = ({ text, fetchedFrom, parameters, runAs }: StoredScript, sha256: string): boolean =>
  text !== null && !fetchedFrom && parameters.length === 0 && runAs === null && scriptDigest(text) === sha256;
