import { z } from 'zod';
import type { UserRisk } from '../../domain/evidence/sign-ins';
import { memoize } from '../../runtime/memoize';
import { AzureError } from '../connection/azure-error';
import type { AzureDirectory } from './directory';

export const userRiskPermission = 'IdentityRiskyUser.Read.All';

const riskyUser = z.object({
  id: z.string().max(60),
  riskLevel: z.enum(['low', 'medium', 'high']).catch('low'),
  riskState: z.enum(['atRisk', 'confirmedCompromised']),
  riskLastUpdatedDateTime: z.iso.datetime({ offset: true }).nullish().catch(null),
});

/** The risk in Graph's riskyUser; null if the user is not at risk, or the answer is about somebody else. */
function readUserRisk(answer: unknown, id: string): UserRisk | null {
  const { data } = riskyUser.safeParse(answer);
  if (!data || data.id.toLowerCase() !== id.toLowerCase()) return null;
  return { level: data.riskLevel, state: data.riskState, updatedAt: data.riskLastUpdatedDateTime ?? null };
}

const minutes = 60_000;

/**
 * What Identity Protection says of a user; null if the user is not at risk. It needs Entra ID P2.
 * @see https://learn.microsoft.com/graph/api/riskyuser-get
 */
export const createUserRisk = (directory: AzureDirectory, now: () => number) =>
  memoize(
    5 * minutes,
    1000,
    async (id): Promise<UserRisk | null> => {
      try {
        return readUserRisk(
          await directory.get(`/identityProtection/riskyUsers/${id}`, userRiskPermission),
          id,
        );
      } catch (error) {
        if (error instanceof AzureError && error.statusCode === 404) return null;
        throw error;
      }
    },
    now,
  );
