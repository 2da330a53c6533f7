import type { KnownBlock } from '@slack/types';
import { t } from '../../domain/text/translate';
import type { HomeAction, HomePart } from '../home-part';
import { section } from './blocks';
import { escapeMrkdwn, toMrkdwn } from './mrkdwn';
import { plain } from './plain-object';

/** Prefix of the action ids on the home page: a press there has no channel to answer in. */
export const homeAction = 'home.';
/** @see https://docs.slack.dev/reference/views */
const maxBlocks = 100;

/**
 * Converts a home page to Block Kit.
 * @param news what came of the latest press on this page; empty if none
 */
export function toHomeBlocks(parts: readonly HomePart[], news = ''): KnownBlock[] {
  const blocks: KnownBlock[] = news ? [section(escapeMrkdwn(news)), { type: 'divider' }] : [];
  for (const [index, { heading, rows, none, more }] of parts.entries()) {
    blocks.push({ type: 'header', text: plain(heading, 150) });
    for (const [row, { line, actions }] of rows.entries()) {
      blocks.push(section(toMrkdwn(line)));
      if (actions.length > 0)
        blocks.push({ type: 'actions', block_id: `home.${index}.${row}`, elements: actions.map(button) });
    }
    const rest = [...(rows.length === 0 ? [none] : []), ...(more > 0 ? [t`… and ${more} more`] : [])];
    if (rest.length > 0) blocks.push(section(rest.map(escapeMrkdwn).join('\n')));
  }
  return blocks.slice(0, maxBlocks);
}

const button = ({ id, label, value, confirm }: HomeAction) => ({
  type: 'button' as const,
  action_id: `${homeAction}${id}`,
  value,
  text: plain(label, 75),
  ...(confirm
    ? {
        confirm: {
          title: plain(confirm.title, 100),
          text: plain(confirm.text, 300),
          confirm: plain(confirm.yes, 30),
          deny: plain(t`Cancel`, 30),
        },
      }
    : {}),
});
