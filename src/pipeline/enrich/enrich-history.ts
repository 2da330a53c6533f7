import { callerKeyOf, summarize } from '../../domain/alerts/alert';
import type { PrevalenceFacts } from '../../domain/alerts/facts';
import { groupGapMs } from '../../domain/alerts/groups';
import { scriptFactsOf, usedScripts } from '../../domain/alerts/join-facts';
import { usualHours } from '../../domain/alerts/usual-hours';
import { localTime } from '../../domain/exceptions/time-window';
import type { GeoDatabases } from '../../runtime/geo-databases';
import { daysBefore, type PastExecution } from '../../store/events/history';
import type { Part } from './enrichment-part';

const day = 86_400_000;

/** Shows whether caller, machine, script, IP address and hour are usual. */
export const history: Part = {
  what: 'history',
  ask: async (alert, { store, policy, geo }) => {
    const { caller, startedAt, target, executions } = summarize(alert);
    const at = Date.parse(startedAt);
    const own = new Set(alert.executions.map((execution) => execution.key));
    const asked = executions.map((execution) => ({
      execution,
      sha256: scriptFactsOf(alert, execution)?.sha256 ?? null,
      before: startedAt,
    }));
    await store.history.noteScripts(asked, Date.now());
    const [kept, filledFrom, prevalence] = await Promise.all([
      store.history.of(callerKeyOf(caller)),
      store.history.filledFrom(target.subscriptionId),
      store.history.prevalence(asked),
    ]);
    const days = filledFrom === null ? 0 : Math.max(0, Math.min(90, Math.floor((at - filledFrom) / day)));
    const lead = usedScripts(alert)[0]?.executions[0];
    const ofLead = lead && prevalence[executions.indexOf(lead)];
    const machines = new Set(executions.map((each) => each.target.id.toLowerCase()));
    const past = daysBefore(kept, at).filter((entry) => !own.has(entry.executionKey));
    const ran = past.filter((entry) => !entry.refused);
    // What the caller did in the minutes before belongs to the same session: it does not make an address known.
    const earlier = ran.filter((entry) => entry.at < at - groupGapMs);
    const network = caller.ip ? alert.facts.addresses?.[caller.ip]?.asn : null;
    const known = new Set(ran.map(({ targetId }) => targetId));
    return {
      prevalence: Object.fromEntries(
        asked.map(({ execution }, index) => [execution.key, prevalence[index] as PrevalenceFacts]),
      ),
      history: {
        days,
        onThisMachine: ran.filter(({ targetId }) => machines.has(targetId)).length,
        newMachines: [...machines].filter((id) => !known.has(id)),
        byCaller: ran.length,
        addressSeen: caller.ip !== null && earlier.some((entry) => entry.ip === caller.ip),
        ...(network ? { networkSeen: await wasSeen(network.number, earlier, geo) } : {}),
        daily: dailyCounts([...ran, ...alert.executions.map(() => ({ at }))], at),
        usualHour: usualHour(ran, at, policy.workingHours?.zone),
        refusalsBefore: daysBefore(kept, at).filter((entry) => entry.refused && at - entry.at <= 10 * 60_000)
          .length,
        sameScriptAt: ofLead?.script?.lastAt ?? null,
      },
    };
  },
};

/** Whether any of the executions came from a network operator. */
async function wasSeen(asn: number, entries: readonly PastExecution[], geo: GeoDatabases): Promise<boolean> {
  const addresses = new Set(entries.flatMap(({ ip }) => ip ?? []));
  const networks = await Promise.all([...addresses].map((ip) => geo.asn(ip)));
  return networks.some((network) => network?.number === asn);
}

function dailyCounts(entries: readonly { at: number }[], at: number): number[] {
  const counts = new Array<number>(30).fill(0);
  for (const entry of entries) {
    const index = 29 - Math.floor((at - entry.at) / day);
    if (index >= 0 && index < 30) counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** Whether the hour is usual for the caller; null if there are too few executions to tell. */
function usualHour(ran: readonly PastExecution[], at: number, zone: string | undefined): boolean | null {
  const hour = (ms: number) => Math.floor(localTime(new Date(ms), zone).minutes / 60);
  return usualHours(ran.map((entry) => hour(entry.at)))?.has(hour(at)) ?? null;
}
