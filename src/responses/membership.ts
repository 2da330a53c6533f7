import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { reversible } from './reversible';

interface Before {
  groupId: string;
  group: string;
  memberId: string;
  member: string;
}

/** Takes the caller out of the group that the role comes through, by Microsoft Graph, and puts them back. */
export const [removeMember, addMember] = reversible<Before>({
  action: 'remove_member',
  prepare: async (alert, _, { azure }) => {
    const { caller } = summarize(alert);
    const { grant, group } = alert.facts.access ?? {};
    if (!caller.id || !group || !grant?.principalId)
      throw new Refusal('It is not known through which group the role came.');
    const before = {
      groupId: grant.principalId,
      group: plainLine(group.name, 80),
      memberId: caller.id,
      member: plainLine(caller.name, 80),
    };
    if (!(await azure.directory.isDirectMember(before.memberId, before.groupId)))
      throw new Refusal(
        `${before.member} is in ${before.group} only through another group: remove them there.`,
      );
    return before;
  },
  steps: ({ groupId, group, memberId, member }) => [
    {
      words: `remove ${member} from ${group}`,
      run: (_, { azure }) => azure.directory.removeMember(groupId, memberId),
    },
  ],
  says: ({ member, group }) =>
    `${member} was removed from ${group}. Tokens already issued may work for an hour.`,
  undo: {
    action: 'add_member',
    steps: ({ groupId, group, memberId, member }) => [
      {
        words: `put ${member} back into ${group}`,
        run: (_, { azure }) => azure.directory.addMember(groupId, memberId),
      },
    ],
    says: ({ member, group }) => `${member} is in ${group} again.`,
  },
});
