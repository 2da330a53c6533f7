import { AzureError } from '../azure/connection/azure-error';

/**
 * Retries when If-Match failed or another operation is in progress. Each attempt reads the resource again.
 */
export async function retryOnConflict(attempt: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const raced = error instanceof AzureError && (error.statusCode === 412 || error.statusCode === 409);
      if (!raced || tries >= 5) throw error;
      await new Promise((done) => setTimeout(done, 100 * tries));
    }
  }
}
