import type { Content, Ref, Surface } from '../surface';

/** Channels of other workspaces are prefixed with their team: "T0SECOND/C0123". */
const split = (channel: string): [string, string] => {
  const [team = '', own] = channel.split('/');
  return own === undefined ? ['', channel] : [team, own];
};

/** A person's home page in place of a channel: what is sent there arrives as a direct message. */
export const homeOf = (user: string): string => `@${user}`;

/** The person whose home page it is; null for a channel. */
export const ownerOf = (channel: string): string | null =>
  channel.startsWith('@') ? channel.slice(1) : null;

/** The channel's id in its workspace. */
export const ownChannel = (channel: string): string => split(channel)[1];

export const channelIn = (team: string | undefined, channel: string, others: ReadonlySet<string>): string =>
  team && others.has(team) ? `${team}/${channel}` : channel;

/** Combines workspaces into one surface, by channel. People and new channels are in the first one. */
export function joinWorkspaces(first: Surface, others: ReadonlyMap<string, Surface>): Surface {
  const of = (team: string): Surface => others.get(team) ?? first;
  const placed = (team: string, ref: Ref): Ref =>
    team ? { ...ref, channel: `${team}/${ref.channel}` } : ref;
  const bare = (ref: Ref): Ref => ({ ...ref, channel: split(ref.channel)[1] });
  const inner = (content: Content): Content =>
    content.kind === 'thread' ? { ...content, parent: bare(content.parent) } : content;
  return {
    ...first,
    post: async (content, channel) => {
      const [team, own] = split(channel);
      return placed(team, await of(team).post(inner(content), own));
    },
    update: async (ref, content) => {
      const [team] = split(ref.channel);
      return placed(team, await of(team).update(bare(ref), inner(content)));
    },
    find: async (id, since, channel, parent) => {
      const [team, own] = split(channel);
      const found = await of(team).find(id, since, own, parent && bare(parent));
      return found && placed(team, found);
    },
    replyPrivately: ({ channel, user }, text) => {
      const [team, own] = split(channel);
      return of(team).replyPrivately({ channel: own, user }, text);
    },
  };
}
