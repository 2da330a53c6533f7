import type { PressJob } from '../../src/actions/action';
import { createPress, type Press, type PressDeps } from '../../src/presses/press';

/** A queued press, signed as our surfaces sign it. */
export async function signedPress(
  press: Omit<Press, 'nonce' | 'input'> & { input?: Record<string, unknown> | undefined },
  deps: PressDeps,
  nonce: string,
): Promise<PressJob> {
  let queued: PressJob | undefined;
  const queues = {
    respond: {
      add: async (_: string, job: PressJob) => {
        queued = structuredClone(job);
      },
    },
  };
  const { input, ...rest } = press;
  await createPress({ ...deps, queues })({ ...rest, ...(input ? { input } : {}), nonce });
  return queued as PressJob;
}
