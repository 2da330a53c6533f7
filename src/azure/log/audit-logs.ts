import { z } from 'zod';
import type { AccountChange } from '../../domain/evidence/sign-ins';
import { is } from '../../domain/resources/resource-id';
import { kql } from './kql';
import { json, text, time } from './row-fields';
import type { Row } from './table-reader';

/** Entra's operations that give somebody access to an account, or an account more rights. */
const kinds: Readonly<Record<string, AccountChange['kind']>> = {
  'Add service principal credentials': 'credential',
  'Update application – Certificates and secrets management ': 'credential',
  'Add owner to application': 'credential',
  'Add owner to service principal': 'credential',
  'Reset user password': 'password',
  'Reset password (by admin)': 'password',
  'Reset password (self-service)': 'password',
  'Change user password': 'password',
  'Change password (self-service)': 'password',
  'User registered security info': 'security info',
  'Admin registered security info': 'security info',
  'User deleted security info': 'security info',
  'Admin deleted security info': 'security info',
  'Disable Strong Authentication': 'security info',
  'Add member to role': 'role',
  'Add eligible member to role': 'role',
  'Add member to role completed (PIM activation)': 'activation',
};

export const auditColumns = kql`TimeGenerated, OperationName, Result, ResultReason, InitiatedBy, TargetResources, AdditionalDetails`;

/**
 * Records about an account.
 * @param ids the caller's object id, and of an application its app id
 */
export const auditConditions = (ids: readonly string[]) => [
  kql`OperationName in (${Object.keys(kinds)})`,
  kql`tostring(TargetResources) has_any (${ids}) or tostring(AdditionalDetails) has_any (${ids}) or tostring(InitiatedBy) has_any (${ids})`,
];

const rowSchema = z.object({
  TimeGenerated: time,
  OperationName: text(120),
  Result: text(40),
  ResultReason: text(500),
  InitiatedBy: json,
  TargetResources: json,
  AdditionalDetails: json,
});

const target = z.object({
  id: text(60),
  displayName: text(260),
  type: text(60),
  modifiedProperties: z
    .array(z.object({ displayName: text(120), newValue: text(260) }))
    .max(100)
    .nullish()
    .catch(null),
});
const targets = z.array(target).max(100).catch([]);
const initiator = z.object({
  user: z
    .object({ id: text(60), userPrincipalName: text(260) })
    .nullish()
    .catch(null),
  app: z
    .object({ displayName: text(260), servicePrincipalId: text(60) })
    .nullish()
    .catch(null),
});
const details = z
  .array(z.object({ key: text(60), value: text(260) }))
  .max(100)
  .catch([]);

export interface AccountIds {
  id: string;
  /** Of an application. */
  appId: string | null;
}

/** A change of this account, or an activation by it; null for a record of another account. */
export function readChange(row: Row, { id, appId }: AccountIds): AccountChange | null {
  const { data } = rowSchema.safeParse(row);
  const kind = data && kinds[data.OperationName];
  if (!data || !kind || !/^success$/i.test(data.Result)) return null;
  const on = targets.parse(data.TargetResources);
  const by = initiator.safeParse(data.InitiatedBy).data ?? {};
  const app = details
    .parse(data.AdditionalDetails)
    .some(({ key, value }) => appId !== null && is(key, 'AppId') && is(value, appId));
  const isOwn = on.some((one) => is(one.id, id)) || app;
  const isActivation = kind === 'activation' && is(by.user?.id ?? '', id);
  if (!isOwn && !isActivation) return null;
  const properties = on.flatMap(({ modifiedProperties }) => modifiedProperties ?? []);
  const named = properties.find(({ displayName }) => displayName === 'Role.DisplayName')?.newValue;
  const role = on.find(({ type }) => is(type, 'Role'))?.displayName ?? '';
  return {
    at: data.TimeGenerated,
    kind,
    operation: data.OperationName.trim(),
    by: by.user?.userPrincipalName || by.app?.displayName || '',
    role: (named ? named.replace(/^"|"$/g, '') : role).slice(0, 120),
    reason: kind === 'activation' ? data.ResultReason : '',
  };
}
