import { type Content, type Ref, type Surface, SurfaceError } from '../chat/surface';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import { span } from '../runtime/tracing';
import type { DeliveryInput, DeliveryState } from '../store/deliveries';
import type { Store } from '../store/store';

export interface SendDeps {
  store: Store;
  metrics: Metrics;
  log: Log;
  now: () => number;
}

/** After this long without an answer, the process that made an attempt is considered dead, ms. */
const attemptTimeoutMs = 15_000;

/** Updates or posts the message. Returns its location; null while another process posts it. */
export async function sendMessage(
  surface: Surface,
  id: string,
  content: Content,
  input: DeliveryInput,
  channel: string,
  deps: SendDeps,
): Promise<Ref | null> {
  const { state } = input;
  if (state.posting && deps.now() - state.posting < attemptTimeoutMs) return null;
  const began = Date.now();
  const place = `${surface.name} ${channel}`;
  try {
    const ref = state.ref ?? (await lookUp(surface, id, state, channel, content, deps.log));
    const updatedRef = ref && (await updated(surface, ref, content));
    if (updatedRef) {
      await recordSuccess(place, began, surface, deps);
      deps.metrics.deliveries.inc({ surface: surface.name, result: 'updated' });
      return updatedRef;
    }
    const sent = await posted(surface, id, content, input, channel, deps);
    if (sent) await recordSuccess(place, began, surface, deps);
    return sent;
  } catch (error) {
    deps.metrics.deliveries.inc({
      surface: surface.name,
      result: error instanceof SurfaceError ? error.kind : 'failed',
    });
    if (error instanceof SurfaceError && error.kind === 'throttled')
      deps.metrics.throttled.inc({ service: surface.name });
    else
      await deps.store.health.note(place, error instanceof Error ? error.message : String(error), deps.now());
    if (error instanceof SurfaceError && error.kind === 'throttled') {
      const until = deps.now() + Math.max(1000, error.retryAfterMs);
      await deps.store.deliveries.pauseUntil(surface.channel, until);
    }
    if (error instanceof SurfaceError && error.ref)
      await deps.store.deliveries.saveDeliveryState(surface.name, id, {
        ref: error.ref,
        shown: null,
        attemptAt: null,
      });
    throw error;
  }
}

async function recordSuccess(
  place: string,
  began: number,
  surface: Surface,
  { store, metrics, now }: SendDeps,
): Promise<void> {
  metrics.deliverySeconds.observe({ surface: surface.name }, (Date.now() - began) / 1000);
  await store.health.note(place, null, now());
}

/** Records the attempt before sending, so that the message can be found if the answer is lost. */
async function posted(
  surface: Surface,
  id: string,
  content: Content,
  { state, storedState }: DeliveryInput,
  channel: string,
  { store, metrics, now }: SendDeps,
): Promise<Ref | null> {
  const attempt = {
    ref: null,
    shown: null,
    attemptAt: state.attemptAt ?? now(),
    attemptIn: channel,
  };
  if (!(await store.deliveries.claim(surface.name, id, storedState, { ...attempt, posting: now() })))
    return null;
  try {
    const ref = await span(
      'post',
      { 'runwatch.surface': surface.name },
      () => surface.post(content, channel),
      'client',
    );
    metrics.deliveries.inc({ surface: surface.name, result: 'posted' });
    return ref;
  } catch (error) {
    const taken = !(error instanceof SurfaceError) || error.kind === 'unknown';
    await store.deliveries.saveDeliveryState(
      surface.name,
      id,
      taken ? attempt : { ref: null, shown: null, attemptAt: null },
    );
    throw error;
  }
}

/** The message's current location; null if someone deleted it. */
async function updated(surface: Surface, ref: Ref, content: Content): Promise<Ref | null> {
  try {
    return await span(
      'update',
      { 'runwatch.surface': surface.name },
      () => surface.update(ref, content),
      'client',
    );
  } catch (error) {
    if (error instanceof SurfaceError && error.kind === 'gone') return null;
    throw error;
  }
}

/** If the surface cannot be searched (missing scope), post again: a duplicate is better than a lost alert. */
async function lookUp(
  surface: Surface,
  id: string,
  { attemptAt, attemptIn }: DeliveryState,
  channel: string,
  content: Content,
  log: Log,
): Promise<Ref | null> {
  if (!attemptAt) return null;
  try {
    return await surface.find(
      id,
      attemptAt,
      attemptIn ?? channel,
      content.kind === 'thread' ? content.parent : null,
    );
  } catch (error) {
    if (!(error instanceof SurfaceError) || error.kind !== 'refused') throw error;
    log.warn(
      { error, id, surface: surface.name },
      'could not check whether a message was already posted; posting it',
    );
    return null;
  }
}
