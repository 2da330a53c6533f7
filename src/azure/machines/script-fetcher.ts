import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { covers } from '../../domain/resources/resource-id';
import { runCommandScript, type StoredScript } from '../../domain/techniques/stored-script';
import { sendArmJson } from '../connection/arm-json';
import { subscriptionOf } from '../connection/arm-path';
import { AzureError, callAzure } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';

/** A machine as the fetch needs it. */
export interface FetchMachine {
  location: string;
  os: 'Linux' | 'Windows' | null;
  /** "running"; null if Azure does not report it. */
  power: string | null;
  /** The guest agent's state, such as "Ready"; null if Azure does not report it. */
  agent: string | null;
  /** Locks on the machine and above it. */
  locks: { name: string; level: string }[];
}

/** A managed run command as Azure has it. */
export interface FetchRun {
  ended: boolean;
  /** Whether Azure reports that the script ran to its end. */
  succeeded: boolean;
  /** What it runs. Nothing else of it may differ from what we wrote. */
  stored: StoredScript;
  output: string;
}

const apiVersion = '2024-11-01';
/** The script ends within a second; the rest is for a slow machine. */
const timeoutSeconds = 120;
/** Waiting for one run command, ms. */
const longestWaitMs = 5 * 60_000;

const loose = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const statuses = loose(z.array(z.object({ code: loose(z.string()), displayStatus: loose(z.string()) })));
const machineSchema = z.object({
  location: z.string(),
  properties: z.object({
    storageProfile: loose(z.object({ osDisk: loose(z.object({ osType: loose(z.string()) })) })),
    instanceView: loose(z.object({ statuses, vmAgent: loose(z.object({ statuses })) })),
  }),
});
const runSchema = z.object({
  properties: z.object({
    provisioningState: loose(z.string()),
    instanceView: loose(z.object({ executionState: loose(z.string()), output: loose(z.string()) })),
  }),
});

/**
 * Reads files of a machine by managed run commands of ours. Uses its own identity if one is configured.
 * @param clients null: fetching scripts is off, and every call throws
 */
export function createScriptFetcher(clients: AzureClients | null, identity: () => Promise<string | null>) {
  const on = (): AzureClients => {
    if (clients) return clients;
    throw new AzureError(
      'fetching scripts is off',
      'FetchScriptOff',
      400,
      0,
      'set fetchScript in RUNWATCH_CONFIG',
    );
  };
  const send = async (request: Omit<Parameters<typeof sendArmJson>[1], 'apiVersion'>) => {
    try {
      return await callAzure(request.what, () => sendArmJson(on(), { ...request, apiVersion }));
    } catch (error) {
      throw withOwnRole(error);
    }
  };

  const fetchRun = async (id: string): Promise<FetchRun | null> => {
    const { status, bodyAsText } = await send({
      id,
      query: { $expand: 'instanceView' },
      what: 'the run command',
      allowed: [404],
    });
    if (status === 404) return null;
    const { properties } = runSchema.parse(JSON.parse(bodyAsText ?? '{}'));
    const { provisioningState, instanceView } = properties;
    const state = instanceView?.executionState ?? '';
    const ended =
      /^(Succeeded|Failed|TimedOut|Canceled)$/i.test(state) ||
      /^(Failed|Canceled)$/i.test(provisioningState ?? '');
    const stored = runCommandScript((JSON.parse(bodyAsText ?? '{}') as { properties?: unknown }).properties);
    return { ended, succeeded: /^Succeeded$/i.test(state), stored, output: instanceView?.output ?? '' };
  };

  return {
    /** Object id of the identity that writes the run commands; null if its token has none. */
    fetcherId: async (): Promise<string | null> => {
      on();
      return (await identity())?.toLowerCase() ?? null;
    },

    fetchMachine: async (machineId: string): Promise<FetchMachine> => {
      const query = { $expand: 'instanceView' };
      const { bodyAsText } = await send({ id: machineId, query, what: 'the machine' });
      const { location, properties } = machineSchema.parse(JSON.parse(bodyAsText ?? '{}'));
      const { storageProfile, instanceView } = properties;
      const power = instanceView?.statuses?.find(({ code }) => code?.startsWith('PowerState/'))?.code;
      const osType = storageProfile?.osDisk?.osType ?? '';
      const os = osType === 'Linux' || osType === 'Windows' ? osType : null;
      const agent = instanceView?.vmAgent?.statuses?.[0]?.displayStatus ?? null;
      return {
        location,
        os,
        power: power?.slice('PowerState/'.length) ?? null,
        agent,
        locks: await locksOn(machineId),
      };
    },

    fetchRun,

    /** Asks Azure to run a script. Call {@link fetchRun} first: Azure may have it already. */
    startFetchRun: async (id: string, location: string, script: string): Promise<void> => {
      const properties = { source: { script }, asyncExecution: false, timeoutInSeconds: timeoutSeconds };
      await send({ method: 'PUT', id, body: { location, properties }, what: 'the run command' });
    },

    /** Waits until it ended. Returns it as it is when the time is up; null if it is gone. */
    awaitFetchRun: async (id: string): Promise<FetchRun | null> => {
      const until = Date.now() + Math.min(on().operationMs, longestWaitMs);
      for (let wait = 50; ; wait = Math.min(wait * 2, 5000)) {
        const found = await fetchRun(id);
        if (!found || found.ended || Date.now() + wait > until) return found;
        await delay(wait);
      }
    },

    /** Removes it and waits until it is gone. This also cancels it. Succeeds where it is gone already. */
    removeFetchRun: async (id: string): Promise<void> => {
      await send({ method: 'DELETE', id, what: 'the run command', allowed: [404] });
      const until = Date.now() + Math.min(on().operationMs, longestWaitMs);
      for (let wait = 50; (await fetchRun(id)) !== null; wait = Math.min(wait * 2, 5000)) {
        if (Date.now() + wait > until)
          throw new AzureError(
            'the run command is still there',
            'OperationTimedOut',
            408,
            0,
            'remove it in Azure',
          );
        await delay(wait);
      }
    },
  };

  async function locksOn(machineId: string): Promise<FetchMachine['locks']> {
    try {
      return await callAzure('locks', async () => {
        const found = [];
        const { managementLocks } = on().locks(subscriptionOf(machineId));
        for await (const { id = '', name = '', level = '' } of managementLocks.listAtSubscriptionLevel()) {
          const scope = id.replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, '');
          if (covers(scope, machineId)) found.push({ name, level });
        }
        return found;
      });
    } catch (error) {
      throw withOwnRole(error);
    }
  }
}

/** The permissions are in a role of their own. */
function withOwnRole(error: unknown): unknown {
  if (!(error instanceof AzureError) || error.statusCode !== 403) return error;
  const remedy = error.remedy
    .replace("the bot's identity", 'the identity that fetches scripts')
    .replace('azure-role)', 'azure-role --role script-fetcher)');
  return new AzureError(
    error.message,
    error.code,
    error.statusCode,
    error.retryAfterMs,
    remedy,
    error.method,
  );
}
