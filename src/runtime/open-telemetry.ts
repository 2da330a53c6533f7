import { randomUUID } from 'node:crypto';
import {
  type Context,
  context,
  createContextKey,
  DiagLogLevel,
  diag,
  ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TracerProvider as TracerSource,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  getNumberFromEnv,
  getStringFromEnv,
  parseKeyPairsIntoRecord,
  setGlobalErrorHandler,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { BullMQOtel } from 'bullmq-otel';
import { within } from './within';

/** From OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS. The SDK reads the other variables. */
export interface TraceSettings {
  endpoint: string;
  /** `name=value,…`, percent-encoded. */
  headers: string | null;
}

/** The attributes that a span may have: ids, counts, techniques and outcomes, never names or texts. */
export type Attributes = Partial<
  Record<
    | 'azure.resource_provider.namespace'
    | 'http.request.method'
    | 'http.response.status_code'
    | 'messaging.batch.message_count'
    | 'messaging.destination.partition.id'
    | 'runwatch.action'
    | 'runwatch.alert.id'
    | 'runwatch.alert.score'
    | 'runwatch.alert.severity'
    | 'runwatch.alert.technique'
    | 'runwatch.alert.verdict'
    | 'runwatch.audit.entries'
    | 'runwatch.executions'
    | 'runwatch.measure'
    | 'runwatch.outcome'
    | 'runwatch.press.id'
    | 'runwatch.step'
    | 'runwatch.subscription.id'
    | 'runwatch.surface',
    string | number
  >
>;

export interface Span {
  set: (attributes: Attributes) => void;
}

export type Warn = (text: string, error?: unknown) => void;

/** How long the last spans may take to be sent on shutdown, ms. */
const stopTimeoutMs = 2000;
/** After this long without an answer, a batch of spans is dropped, ms. */
const exportTimeoutMs = 10_000;
/** Finished spans that wait to be sent. Further ones are dropped. */
const maxWaiting = 4096;
const maxValueLength = 200;

const alertIdKey = createContextKey('runwatch.alert.id');

/** Starts sending spans. Everything is in the background: a slow or missing collector only loses spans. */
export function startOpenTelemetry({ endpoint, headers }: TraceSettings, version: string, warn: Warn) {
  const warnSometimes = rateLimited(warn);
  const quiet = () => {};
  diag.setLogger(
    { error: warnSometimes, warn: warnSometimes, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  setGlobalErrorHandler((error) => warnSometimes('could not send traces; they are dropped', error));
  checkProtocol(warn);
  const ofTraces = getStringFromEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? '';
  const exporter = new OTLPTraceExporter({
    url: URL.canParse(ofTraces) ? ofTraces : `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    ...(headers ? { headers: parseKeyPairsIntoRecord(headers) } : {}),
  });
  const provider = new TracerProvider({
    sampler: samplerFromEnv(warn),
    spanLimits: { attributeValueLengthLimit: maxValueLength },
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': 'runwatch',
          'service.version': version,
          'service.instance.id': randomUUID(),
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: withoutTexts(exporter),
        maxQueueSize: maxWaiting,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(onlyOurs(provider));
  const tracer = trace.getTracer('runwatch', version);

  function run<T>(name: string, options: SpanOptions, parent: Context, work: (span: Span) => T): T {
    const span = tracer.startSpan(name, options, parent);
    const alertId = options.attributes?.['runwatch.alert.id'];
    const about = alertId ? parent.setValue(alertIdKey, alertId) : parent;
    const fail = (error: unknown): never => {
      // BullMQ's way to postpone a job.
      if ((error as Error)?.name !== 'DelayedError') {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute('error.type', errorTypeOf(error));
      }
      span.end();
      throw error;
    };
    const succeed = <R>(result: R): R => {
      span.end();
      return result;
    };
    let result: T;
    try {
      result = context.with(trace.setSpan(about, span), () =>
        work({ set: (attributes) => void span.setAttributes(attributes) }),
      );
    } catch (error) {
      return fail(error);
    }
    return result instanceof Promise ? (result.then(succeed, fail) as T) : succeed(result);
  }

  return {
    span: <T>(
      name: string,
      attributes: Attributes,
      work: (span: Span) => T,
      kind: 'internal' | 'client',
    ): T =>
      run(
        name,
        { attributes, kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL },
        context.active(),
        work,
      ),
    linkedSpan: <T>(
      name: string,
      traceparent: string | null,
      attributes: Attributes,
      work: (span: Span) => T,
    ): T => {
      const current = trace.getSpanContext(context.active());
      const parent = traceparent ? propagation.extract(ROOT_CONTEXT, { traceparent }) : ROOT_CONTEXT;
      return run(name, { attributes, links: current ? [{ context: current }] : [] }, parent, work);
    },
    traceparent: (): string | null => {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent ?? null;
    },
    logFields: (): Record<string, unknown> => {
      const current = trace.getSpanContext(context.active());
      if (!current) return {};
      const alertId = context.active().getValue(alertIdKey);
      return {
        trace_id: current.traceId,
        span_id: current.spanId,
        ...(alertId ? { alertId } : {}),
      };
    },
    queueTelemetry: queueTelemetry(),
    /** Sends the spans that wait, for a short time. */
    stop: async (): Promise<void> => {
      await within(stopTimeoutMs, provider.shutdown(), () => new Error('no answer')).catch((error) =>
        warn('could not send the last traces', error),
      );
      trace.disable();
      propagation.disable();
      context.disable();
      diag.disable();
    },
  };
}
export type OpenTelemetry = ReturnType<typeof startOpenTelemetry>;

/** At most one warning a minute: every batch fails while the collector is down. */
function rateLimited(warn: Warn): Warn {
  let last = 0;
  return (text, error) => {
    if (Date.now() - last < 60_000) return;
    last = Date.now();
    warn(text, error);
  };
}

const errorTypeOf = (error: unknown): string => {
  const { code, kind, name } = (error ?? {}) as { code?: unknown; kind?: unknown; name?: unknown };
  return String(code ?? kind ?? name ?? 'unknown');
};

/** Other libraries' spans hold what people wrote and who they are, so they are not recorded. */
function onlyOurs(provider: TracerProvider): TracerSource {
  const none = new ProxyTracerProvider();
  return {
    getTracer: (name, version) =>
      name === 'runwatch' || name === 'bullmq' ? provider.getTracer(name, version) : none.getTracer(name),
  };
}

/** BullMQ's spans of adding and processing jobs, without those of its upkeep, such as extending locks. */
function queueTelemetry() {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: 'bullmq' });
  const nothing = () => {};
  const upkeep: ReturnType<typeof tracer.startSpan> = {
    setSpanOnContext: (current) => current,
    setAttribute: nothing,
    setAttributes: nothing,
    addEvent: nothing,
    recordException: nothing,
    end: nothing,
  };
  return {
    tracer: {
      startSpan: (name: string, options?: { kind: SpanKind }, parent?: Context) =>
        options?.kind === SpanKind.INTERNAL ? upkeep : tracer.startSpan(name, options, parent),
    },
    contextManager: {
      with: <A extends (...args: never[]) => unknown>(current: Context, work: A) =>
        contextManager.with(current, work) as ReturnType<A>,
      active: () => contextManager.active(),
      getMetadata: (current: Context) => contextManager.getMetadata(current),
      fromMetadata: (current: Context, metadata: string) => {
        try {
          return contextManager.fromMetadata(current, metadata);
        } catch {
          return current;
        }
      },
    },
  };
}

/** BullMQ's attributes that are kept. Others hold errors and results. */
const bullmqNames = new Set([
  'bullmq.queue.name',
  'bullmq.queue.operation',
  'bullmq.job.id',
  'bullmq.job.name',
  'bullmq.job.attempts.made',
  'bullmq.job.bulk.count',
]);

/** Removes events, and attributes of BullMQ that may hold texts: an error's message can name a person. */
function withoutTexts(exporter: SpanExporter): SpanExporter {
  const bare = (span: ReadableSpan): ReadableSpan =>
    Object.create(span, {
      events: { value: [] },
      attributes: {
        value: Object.fromEntries(
          Object.entries(span.attributes).filter(
            ([name]) => !name.startsWith('bullmq.') || bullmqNames.has(name),
          ),
        ),
      },
    });
  return {
    export: (spans, done) => exporter.export(spans.map(bare), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

function checkProtocol(warn: Warn): void {
  const wanted =
    getStringFromEnv('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? getStringFromEnv('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (wanted && wanted !== 'http/protobuf')
    warn('OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, the only protocol that is sent');
}

/** As OTEL_TRACES_SAMPLER says. By default everything is sampled, unless its parent was not. */
function samplerFromEnv(warn: Warn): Sampler {
  const ratio = getNumberFromEnv('OTEL_TRACES_SAMPLER_ARG') ?? 1;
  const roots: Record<string, () => Sampler> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const name = getStringFromEnv('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const root = Object.hasOwn(roots, name.replace('parentbased_', ''))
    ? roots[name.replace('parentbased_', '')]
    : undefined;
  if (!root)
    warn(`OTEL_TRACES_SAMPLER: expected ${Object.keys(roots).join(', ')} or one of them after parentbased_`);
  if (!root || name.startsWith('parentbased_'))
    return new ParentBasedSampler({ root: root?.() ?? new AlwaysOnSampler() });
  return root();
}
