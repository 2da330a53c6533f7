import { z } from 'zod';
import type { RiskLevel, SignIn } from '../../domain/evidence/sign-ins';
import { type Kql, kql } from './kql';
import { json, text, time } from './row-fields';
import type { Row } from './table-reader';

export interface SignInTable {
  table: string;
  /** The column with the caller's object id. */
  owner: 'UserId' | 'ServicePrincipalId';
  columns: Kql;
  /** Null for a broken row. */
  read: (row: Row) => SignIn | null;
}

const short = text(260);
const common = {
  TimeGenerated: time,
  ResourceDisplayName: short,
  IPAddress: text(64),
  Location: short,
  ResultType: text(40),
  ResultDescription: text(300),
};

const levels: Readonly<Record<string, RiskLevel>> = { low: 'low', medium: 'medium', high: 'high' };
const riskOf = (...texts: readonly string[]): RiskLevel =>
  (['high', 'medium', 'low'] as const).find((level) =>
    texts.some((one) => levels[one.toLowerCase()] === level),
  ) ?? 'none';

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const asText = (value: unknown) => short.parse(value);

/** "Frankfurt, DE". */
const placeOf = (location: string, details: unknown) => {
  const { city, countryOrRegion } = fieldsOf(details);
  return [asText(city), asText(countryOrRegion) || location].filter(Boolean).join(', ');
};

/** "vm-jump-01 (Windows 11, compliant)". */
function deviceOf(details: unknown): string {
  const { displayName, operatingSystem, browser, isCompliant, isManaged } = fieldsOf(details);
  const state = isCompliant === true ? 'compliant' : isManaged === true ? 'managed' : '';
  const about = [operatingSystem, browser, state].map(asText).filter(Boolean).join(', ');
  const name = asText(displayName);
  return name && about ? `${name} (${about})` : name || about;
}

const userColumns = kql`TimeGenerated, UserId, AppDisplayName, ResourceDisplayName, IPAddress, Location, LocationDetails, DeviceDetail, ClientAppUsed, ResultType, ResultDescription, RiskLevelDuringSignIn, RiskLevelAggregated, RiskEventTypes_V2, ConditionalAccessStatus, AuthenticationRequirement`;

const userRow = z.object({
  ...common,
  AppDisplayName: short,
  LocationDetails: json,
  DeviceDetail: json,
  ClientAppUsed: short,
  RiskLevelDuringSignIn: text(40),
  RiskLevelAggregated: text(40),
  RiskEventTypes_V2: json,
  ConditionalAccessStatus: text(40),
  AuthenticationRequirement: text(60),
});

const ofUser =
  (table: string) =>
  (row: Row): SignIn | null => {
    const { data } = userRow.safeParse(row);
    if (!data) return null;
    const requirement = data.AuthenticationRequirement;
    return {
      ...signIn(table, data),
      app: data.AppDisplayName,
      location: placeOf(data.Location, data.LocationDetails),
      device: deviceOf(data.DeviceDetail),
      client: data.ClientAppUsed,
      risk: riskOf(data.RiskLevelDuringSignIn, data.RiskLevelAggregated),
      riskTypes: Array.isArray(data.RiskEventTypes_V2) ? data.RiskEventTypes_V2.slice(0, 5).map(asText) : [],
      mfa: requirement === '' ? null : requirement === 'multiFactorAuthentication',
      conditionalAccess: data.ConditionalAccessStatus,
    };
  };

const applicationRow = z.object({
  ...common,
  LocationDetails: json,
  ConditionalAccessStatus: text(40),
  ServicePrincipalCredentialKeyId: text(60),
});

const ofApplication =
  (table: string) =>
  (row: Row): SignIn | null => {
    const { data } = applicationRow.safeParse(row);
    return (
      (data && {
        ...signIn(table, data),
        location: placeOf(data.Location, data.LocationDetails),
        conditionalAccess: data.ConditionalAccessStatus,
        credential: data.ServicePrincipalCredentialKeyId,
      }) ??
      null
    );
  };

function signIn(table: string, row: z.output<z.ZodObject<typeof common>>): SignIn {
  const succeeded = row.ResultType === '0' || row.ResultType === 'Success';
  return {
    at: row.TimeGenerated,
    table,
    app: '',
    resource: row.ResourceDisplayName,
    ip: row.IPAddress,
    location: row.Location,
    device: '',
    client: '',
    succeeded,
    failure: succeeded ? '' : row.ResultDescription || row.ResultType,
    risk: 'none',
    riskTypes: [],
    mfa: null,
    conditionalAccess: '',
    credential: '',
    count: 1,
  };
}

/** @see https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs and its neighbors */
export const signInTables: readonly SignInTable[] = [
  { table: 'SigninLogs', owner: 'UserId', columns: userColumns, read: ofUser('SigninLogs') },
  {
    table: 'AADNonInteractiveUserSignInLogs',
    owner: 'UserId',
    columns: userColumns,
    read: ofUser('AADNonInteractiveUserSignInLogs'),
  },
  {
    table: 'AADServicePrincipalSignInLogs',
    owner: 'ServicePrincipalId',
    columns: kql`TimeGenerated, ServicePrincipalId, ResourceDisplayName, IPAddress, Location, LocationDetails, ResultType, ResultDescription, ConditionalAccessStatus, ServicePrincipalCredentialKeyId`,
    read: ofApplication('AADServicePrincipalSignInLogs'),
  },
  {
    table: 'AADManagedIdentitySignInLogs',
    owner: 'ServicePrincipalId',
    columns: kql`TimeGenerated, ServicePrincipalId, ResourceDisplayName, IPAddress, Location, LocationDetails, ResultType, ResultDescription`,
    read: ofApplication('AADManagedIdentitySignInLogs'),
  },
];
