/** Slack expects an acknowledgement within 3 s, so acknowledge after 2 s even if queueing is not done, ms. */
const ackTimeoutMs = 2000;

/** Queues, then acknowledges. If queueing takes too long, acknowledges first and finishes queueing after. */
export async function queueThenAck(ack: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const working = work();
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    working,
    new Promise<void>((done) => {
      timer = setTimeout(done, ackTimeoutMs);
    }),
  ]).finally(() => clearTimeout(timer));
  await ack();
  await working;
}
