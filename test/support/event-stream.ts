/** An event of the API's stream of changes. */
interface SeenEvent {
  event: string;
  id: string;
  data: { kind?: string; resource?: string };
}

/** Reads server-sent events. @returns those seen so far, and a function that stops */
export async function followEvents(url: string, token: string, more: Record<string, string> = {}) {
  const stopped = new AbortController();
  const answer = await fetch(url, {
    signal: stopped.signal,
    headers: { authorization: `Bearer ${token}`, ...more },
  });
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const seen: SeenEvent[] = [];
  let ended = false;
  const reading = (async () => {
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const fields = Object.fromEntries(
          part.split('\n').map((line) => [line.split(': ')[0], line.split(': ').slice(1).join(': ')]),
        );
        if (fields.event)
          seen.push({ event: fields.event, id: fields.id ?? '', data: JSON.parse(fields.data ?? '{}') });
      }
    }
  })()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return { seen, isEnded: () => ended, ended: reading, stop: () => stopped.abort() };
}
