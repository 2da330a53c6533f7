import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tenant } from '../../src/demo/tenant/tenant';

const columnsOf = JSON.parse(
  readFileSync(join(__dirname, '../../deploy/sentinel/columns.json'), 'utf8'),
) as Record<string, { name: string; type: string }[]>;

export interface SentinelRule {
  /** What RUNWATCH_CONFIG has as `sentinel`. */
  target: { endpoint: string; rule: string };
  /** Rows that arrived in RunwatchAlerts_CL, in order. */
  alerts: Record<string, unknown>[];
  audit: Record<string, unknown>[];
}

/** Adds the data collection rule of deploy/sentinel to a tenant. */
export function addSentinelRule(tenant: Tenant, digit = '1'): SentinelRule {
  const target = { endpoint: tenant.endpoint, rule: `dcr-${digit.repeat(32)}` };
  const streams = Object.entries(columnsOf).map(([table, columns]) => {
    const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
    return [`Custom-${table}`, { columns: types, rows: [] as Record<string, unknown>[] }] as const;
  });
  const rule = new Map(streams);
  tenant.state.ingestion.set(target.rule, rule);
  return {
    target,
    alerts: rule.get('Custom-RunwatchAlerts_CL')?.rows ?? [],
    audit: rule.get('Custom-RunwatchAudit_CL')?.rows ?? [],
  };
}
