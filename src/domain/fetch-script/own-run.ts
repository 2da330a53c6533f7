import { scriptDigest } from '../techniques/script';
import type { StoredScript } from '../techniques/stored-script';

/** Name of a managed run command of ours. `token` is random, so nobody can use the name before us. */
export const ownRunName = (token: string, index: number): string => `runwatch-${token}-${index}`;

export const isOwnRunName = (name: string): boolean => /^runwatch-[0-9a-f]{32}-\d{1,4}$/.test(name);

/** Whether a managed run command runs exactly this script, with nothing added to it. */
export const runsOnly = ({ text, fetchedFrom, parameters, runAs }: StoredScript, sha256: string): boolean =>
  text !== null && !fetchedFrom && parameters.length === 0 && runAs === null && scriptDigest(text) === sha256;
