import { type Answer, ArmError, type ArmRequest } from './answers';
import type { TenantState } from './tenant-state';

interface GraphRequest {
  query?: string;
  options?: { $top?: number; $skipToken?: string };
}

/** Azure Resource Graph, for the ancestors of subscriptions only. Pages have at most `pageSize` rows. */
export function answerResourceGraph(request: ArmRequest, state: TenantState): Answer {
  const { query = '', options = {} } = (request.body ?? {}) as GraphRequest;
  if (!/^resourcecontainers\b[\s\S]*'microsoft\.resources\/subscriptions'[\s\S]*\bproject id\b/i.test(query))
    throw new ArmError(400, 'BadRequest', `Please provide below info when asking for support: ${query}`);
  const rows = [...state.subscriptions.keys()].map((id) => ({
    id: `/subscriptions/${id}`,
    subscriptionId: id,
    groups:
      state.managementGroups.get(id)?.map(({ id: name, name: displayName }) => ({ displayName, name })) ??
      null,
  }));
  const from = Number(options.$skipToken ?? 0);
  const to = from + Math.min(options.$top ?? 100, state.pageSize);
  const data = rows.slice(from, to);
  return {
    status: 200,
    body: {
      totalRecords: rows.length,
      count: data.length,
      data,
      facets: [],
      resultTruncated: 'false',
      ...(to < rows.length ? { $skipToken: String(to) } : {}),
    },
  };
}
