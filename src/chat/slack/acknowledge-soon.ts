/** Slack waits 3 seconds for an acknowledgement; the queue gets most of them before we answer without it. */
const ackWithinMs = 2000;

/** Queues, then acknowledges; acknowledges anyway when the queue takes too long, and goes on queueing. */
export async function soonest(ack: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const working = work();
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    working,
    new Promise<void>((done) => {
      timer = setTimeout(done, ackWithinMs);
    }),
  ]).finally(() => clearTimeout(timer));
  await ack();
  await working;
}
