import { reviewLines, reviewMenus } from '../actions/access/review-access';
import { messageOf } from '../chat/message';
import type { Content } from '../chat/surface';
import { defaultMaxExceptionDays } from '../domain/exceptions/exception-policy';
import type { Presser } from '../domain/people/person';
import { runwatchActor } from '../domain/people/person';
import type { PerformDeps } from '../presses/perform-deps';
import type { AppCore } from './app-core';
import { linkTo } from './link-to';

/** The parts of a process that actions use. */
export type ActionCore = Omit<AppCore, 'has' | 'getView' | 'begin'>;

/** Builds what actions need from the other modules. */
export function actionDeps(core: ActionCore): PerformDeps {
  const { config, store, azure, queues, people, press, metrics, log, now, keyring } = core;
  const surfaces = core.surfaces.map(({ surface }) => surface);
  const show = (...alertIds: readonly string[]) => queues.deliverAll(store.surfaces, alertIds);
  const { escalation, ask, exceptions } = config.policy;
  const linkToAlert = linkTo(config);
  const surfaceOf = (name: string) => surfaces.find((candidate) => candidate.name === name);
  return {
    store,
    azure,
    log,
    now,
    show,
    config,
    metrics,
    keyring,
    inGroup: people.inGroup,
    mayRead: people.mayRead,
    identify: ({ by, replyTo }) => people.identify(by, replyTo?.channel ?? null),
    personOf: personFinder(core),
    linkTo: linkToAlert,
    postNotice: async (notice) => {
      await store.deliveries.addNotice(notice, store.surfaces);
      await queues.deliverAll(store.surfaces, [notice.id]);
    },
    createChatChannel: async (alert, people) => {
      const surface = surfaces.find((candidate) => candidate.createChatChannel);
      if (!surface?.createChatChannel) return null;
      const name = `runwatch-${alert.id.toLowerCase()}`;
      const view = await store.measures.viewOf(alert);
      const model = messageOf(view, {
        responders: config.responders.length > 0,
        sla: config.policy.sla ?? {},
        now: now(),
      });
      const summary = {
        kind: 'notice',
        id: `${alert.id}.room`,
        text: `${model.summary} ${linkToAlert(alert.id) ?? ''}`.trim(),
      } as const;
      const ref = { channel: '', message: '' };
      const parts = model.thread();
      const thread = { kind: 'thread', id: `${alert.id}.room`, parent: ref, parts } as const;
      const invited = [...people, ...(alert.assignee?.surface === surface.name ? [alert.assignee.id] : [])];
      const contents: Content[] = parts.length > 0 ? [summary, thread] : [summary];
      return surface.createChatChannel(name, model.summary, invited, contents);
    },
    postReview: async (review) => {
      await store.reviews.put(review);
      const shown = { text: reviewLines(review), actions: reviewMenus(review) };
      const isNew = await store.deliveries.addNotice({ id: review.id, ...shown }, store.surfaces);
      if (!isNew)
        await store.deliveries.changeNotice(review.id, (notice) => ({ ...notice, ...shown }), store.surfaces);
      await queues.deliverAll(store.surfaces, [review.id]);
    },
    answersThatClose: ask?.closes ?? [],
    maxExceptionDays: exceptions?.maxDays ?? defaultMaxExceptionDays,
    replyPrivately: async (job, text) => {
      await store.answers.put(job.pressId, text);
      if (!job.replyTo) return;
      await surfaceOf(job.replyTo.surface)
        ?.replyPrivately(job.replyTo, text)
        .catch((error) => log.warn({ error }, 'could not answer a press'));
    },
    tell: async ({ surface, id }, text, onceId) => {
      if (!surfaceOf(surface)?.directMessages) return;
      const notice = { id: `notice-tell-${onceId}`, text, channels: { [surface]: id } };
      if (await store.deliveries.addNotice(notice, [surface]))
        await queues.deliverAll([surface], [notice.id]);
    },
    askPerson: async (email, alertId, text) => {
      for (const surface of surfaces) {
        const person = await surface.ask(email, alertId, text);
        if (person) return person;
      }
      return null;
    },
    page: async (alertId, why) => {
      if (!escalation?.routingKey) return;
      await press({ alertId, action: 'escalate', by: runwatchActor, input: { why }, nonce: `page ${why}` });
    },
    showNotice: async (noticeId, outcome) => {
      const changed = await store.deliveries.changeNotice(
        noticeId,
        (notice) => ({ ...notice, text: `${notice.text}\n${outcome}`, actions: [] }),
        store.surfaces,
      );
      if (changed) await queues.deliverAll(store.surfaces, [noticeId]);
    },
    rescore: async (alertId) => {
      await queues.complete.add(
        'complete',
        { alertId },
        { deduplication: { id: alertId, keepLastIfActive: true } },
      );
    },
  };
}

/** Finds a chat user by id, or by email in any chat. Falls back to the given name. */
function personFinder({ surfaces }: ActionCore) {
  return async (surface: Presser['surface'], given: string): Promise<Presser> => {
    const own = surfaces.find((candidate) => candidate.surface.name === surface);
    if (own) return own.describe(given);
    for (const { surface: chat } of given.includes('@') ? surfaces : []) {
      const person = await chat.personOf(given).catch(() => null);
      if (person) return { surface: chat.name, ...person, email: given };
    }
    return { surface, id: given, name: given, ...(given.includes('@') ? { email: given } : {}) };
  };
}
