import type { Tenant } from './tenant/tenant';

/** Somebody who works with the demo's alerts. They ran none of its commands, so none of them is a suspect. */
export interface TeamMember {
  /** Object id in the simulated tenant. */
  id: string;
  name: string;
  /** Email address. */
  login: string;
  role: string;
  /** What the demo's configuration lets them do, for people. */
  may: string;
}

export const analyst: TeamMember = {
  id: '5ec0de00-0000-4000-8000-000000000001',
  name: 'Maya Lind',
  login: 'maya.lind@contoso.example',
  role: 'analyst',
  may: 'Triages alerts, adds exceptions and asks for isolation, which a second person approves.',
};
export const responder: TeamMember = {
  id: '5ec0de00-0000-4000-8000-000000000002',
  name: 'Omar Haddad',
  login: 'omar.haddad@contoso.example',
  role: 'responder',
  may: 'May do everything, and approves what others ask for.',
};
export const auditor: TeamMember = {
  id: '5ec0de00-0000-4000-8000-000000000003',
  name: 'Grace Tan',
  login: 'grace.tan@contoso.example',
  role: 'auditor',
  may: 'Reads alerts and the audit log, and may change nothing.',
};

export const team: readonly TeamMember[] = [analyst, responder, auditor];

/** Adds them to the directory, which can disable their accounts like any other. */
export function addTeam(tenant: Tenant): void {
  for (const { id, name, login, role } of team)
    tenant.directory.add({ id, kind: 'User', name, login, jobTitle: role, enabled: true });
}
