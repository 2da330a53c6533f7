import type { Attributes, OpenTelemetry, Span, TraceSettings, Warn } from './open-telemetry';

/** Null while tracing is off: then no module of OpenTelemetry is loaded, and a span is a plain call. */
let tracing: OpenTelemetry | null = null;

const noSpan: Span = { set: () => {} };

/** Turns on tracing if it is configured. Returns a function that sends the last spans, for at most 2 s. */
export async function startTracing(
  settings: TraceSettings | null,
  version: string,
  warn: Warn,
): Promise<() => Promise<void>> {
  if (!settings) return async () => {};
  const { startOpenTelemetry } = await import('./open-telemetry');
  const started = startOpenTelemetry(settings, version, warn);
  tracing = started;
  return async () => {
    tracing = null;
    await started.stop();
  };
}

/** Runs the work in a span below the current one. An alert's id is added to the log lines written in it. */
export const span = <T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => T,
  kind: 'internal' | 'client' = 'internal',
): T => (tracing ? tracing.span(name, attributes, work, kind) : work(noSpan));

/**
 * Runs the work in a span of another trace that is linked to the current span, for one of several messages in
 * a job.
 * @param traceparent as {@link traceparent} returned it; null for a new trace
 */
export const linkedSpan = <T>(
  name: string,
  traceparent: string | null,
  attributes: Attributes,
  work: (span: Span) => T,
): T => (tracing ? tracing.linkedSpan(name, traceparent, attributes, work) : work(noSpan));

/** The current span in W3C's format, for the data of a job; null outside a span. */
export const traceparent = (): string | null => tracing?.traceparent() ?? null;

/** Ids of the current trace, span and alert, for a log line. */
export const traceFields = (): Record<string, unknown> => tracing?.logFields() ?? {};

/** What BullMQ's queues and workers need to continue traces; undefined while tracing is off. */
export const queueTelemetry = (): OpenTelemetry['queueTelemetry'] | undefined => tracing?.queueTelemetry;
