import type { Alert } from '../domain/alerts/alert';
import { summarize } from '../domain/alerts/alert';
import type { AlertQuery } from '../domain/alerts/alert-query';
import {
  type CampaignStep,
  campaignMs,
  campaignOf,
  correlationsOf,
  linkBetween,
} from '../domain/alerts/campaign';
import { usedScripts } from '../domain/alerts/join-facts';
import {
  callerDigestOf,
  holderDigestsOf,
  identityDigestsOf,
  machineDigestsOf,
} from '../domain/alerts/search-terms';
import { shortDigest } from '../domain/text/short-digest';
import type { AlertsStore } from '../store/alerts-store';

/** Newest alerts that are read for one thing in common. */
const perSearch = 10;
/** Alerts whose own links are followed. */
const maxFollowed = 8;
/** Whole alerts that are read. */
const maxRead = 40;

/** Finds the alerts that may be part of one campaign, in a bounded number of reads. */
export async function readCampaign(
  alert: Alert,
  { search, getMany }: Pick<AlertsStore, 'search' | 'getMany'>,
): Promise<CampaignStep[]> {
  const at = Date.parse(summarize(alert).startedAt);
  const range = { after: at - campaignMs, before: at + campaignMs };
  const linked = [alert];
  const seen = new Set([alert.id]);
  for (let followed = 0; followed < Math.min(linked.length, maxFollowed); followed++) {
    const one = linked[followed] as Alert;
    const pages = await Promise.all(
      queriesOf(one).map((query) => search({ ...query, ...range }, { limit: perSearch, total: 0 })),
    );
    const ids = [...new Set(pages.flatMap(({ alerts }) => alerts.map(({ id }) => id)))].filter(
      (id) => !seen.has(id),
    );
    const next = ids.slice(0, maxRead - seen.size);
    for (const id of next) seen.add(id);
    for (const other of await getMany(next)) if (other && linkBetween(one, other)) linked.push(other);
  }
  return campaignOf(alert, linked);
}

/** What alerts that are linked to this one have, one search each. */
function queriesOf(alert: Alert): AlertQuery[] {
  const { caller, executions } = summarize(alert);
  const scripts = usedScripts(alert).flatMap(({ script }) => script.sha256 ?? []);
  const all: AlertQuery[] = [
    { callers: identityDigestsOf(alert) },
    {
      identities: [...(caller.id ? [shortDigest(caller.id.toLowerCase())] : []), ...holderDigestsOf(alert)],
    },
    { correlations: correlationsOf(executions).map((id) => shortDigest(id)) },
    { scripts },
    { callers: [callerDigestOf(alert)] },
    { addresses: caller.ip ? [caller.ip] : [] },
    { machines: machineDigestsOf(alert) },
  ];
  return all.filter((query) => Object.values(query).some((values) => (values as string[]).length > 0));
}
