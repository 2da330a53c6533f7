import { z } from 'zod';
import type { TechniqueId } from './technique';

/** What a check found out about an execution. */
export interface Finding {
  /** The technique that it is alerted on as; null if it is not alerted on. */
  technique: TechniqueId | null;
  /** One line for people: "user data changed since …". */
  says: string;
  /** The hybrid worker group that runs the job. */
  group?: string | undefined;
}

const job = z.object({ runOn: z.string().max(200).nullish() });
const created = z.object({ creationTime: z.iso.datetime({ offset: true }) });
const jobRequest = z.object({ properties: job.optional(), runOn: z.string().max(200).nullish() });

/** The hybrid worker group of an Automation job; null if it runs in Azure. */
export const workerGroupOf = (properties: unknown): string | null =>
  job.safeParse(properties).data?.runOn || null;

/** The same from the request that Azure logged; null also if it does not say. */
export function workerGroupIn(requestBody: string | null): string | null {
  if (requestBody === null) return null;
  try {
    const { data } = jobRequest.safeParse(JSON.parse(requestBody));
    return data?.properties?.runOn || data?.runOn || null;
  } catch {
    return null;
  }
}

/** When an Automation job was created, ms; null if Azure does not say. */
export function createdAtOf(properties: unknown): number | null {
  const { data } = created.safeParse(properties);
  return data ? Date.parse(data.creationTime) : null;
}
