import type { WebClient } from '@slack/web-api';
import type { Presser } from '../../../domain/people/person';
import { section } from '../blocks';
import { toHomeBlocks } from '../home-blocks';
import { readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';

/**
 * Publishes a person's home page, if they may read.
 * @param news what came of the latest press on this page
 */
export async function publishHome(
  by: Presser,
  client: WebClient,
  listenerDeps: ListenerDeps,
  news = '',
): Promise<void> {
  const who = await readerOf(by, listenerDeps);
  const blocks =
    'refused' in who ? [section(who.refused)] : toHomeBlocks(await listenerDeps.home(who.presser), news);
  await client.views.publish({ user_id: by.id, view: { type: 'home', blocks } });
}
