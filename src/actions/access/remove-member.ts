import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { callerSubject } from '../../domain/measures/subjects';
import { plainLine } from '../../domain/text/plain-text';
import { defineMeasureAction } from '../measure-action';

interface Membership {
  groupId: string;
  group: string;
  memberId: string;
  member: string;
}

/** Takes the caller out of the group that the role comes through, by Microsoft Graph, and puts them back. */
defineMeasureAction<Membership>({
  id: 'remove_member',
  group: 'access',
  label: 'Remove from group…',
  order: 280,
  style: 'danger',
  confirm: {
    text: 'Takes the caller out of the group that the role comes through; nobody else loses it. Tokens already issued may work for an hour.',
    yes: 'Remove',
  },
  permissions: [],
  graph: ['GroupMember.ReadWrite.All'],
  kind: {
    kind: 'membership',
    name: 'Remove from group',
    undoName: 'Put back into group',
    subjects: ({ id }) => [callerSubject(id.split(' ')[1] ?? '')],
    prepare: async ({ id, name }, _, { azure }) => {
      const [groupId = '', memberId = ''] = id.split(' ');
      const [member = '', group = ''] = name.split(' in ');
      if (!(await azure.directory.isDirectMember(memberId, groupId)))
        throw new Refusal(`${member} is in ${group} only through another group: remove them there.`);
      return { groupId, group, memberId, member };
    },
    steps: ({ groupId, group, memberId, member }) => [
      {
        words: `remove ${member} from ${group}`,
        run: ({ azure }) => azure.directory.removeMember(groupId, memberId),
      },
    ],
    says: ({ member, group }) =>
      `${member} was removed from ${group}. Tokens already issued may work for an hour.`,
    undo: {
      steps: ({ groupId, group, memberId, member }) => [
        {
          words: `put ${member} back into ${group}`,
          run: ({ azure }) => azure.directory.addMember(groupId, memberId),
        },
      ],
      says: ({ member, group }) => `${member} is in ${group} again.`,
    },
    drift: async ({ groupId, group, memberId, member }, { azure }) =>
      (await azure.directory.isDirectMember(memberId, groupId))
        ? `somebody put ${member} back into ${group}`
        : null,
  },
  targets: ({ alert }) => {
    const { caller } = summarize(alert);
    const { grant, group } = alert.facts.access ?? {};
    if (!caller.id || !group || !grant?.principalId)
      throw new Refusal('It is not known through which group the role came.');
    return [
      {
        id: `${grant.principalId.toLowerCase()} ${caller.id.toLowerCase()}`,
        name: `${plainLine(caller.name, 80)} in ${plainLine(group.name, 80)}`,
      },
    ];
  },
  fits: ({ alert }) => {
    const { grant, group } = alert.facts.access ?? {};
    return Boolean(group && grant?.principalId && summarize(alert).caller.id);
  },
  undo: {
    id: 'add_member',
    label: 'Put back into group',
    order: 281,
    sameRightAs: 'remove_member',
    confirm: { text: 'Makes the caller a member of the same group again.', yes: 'Put back' },
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
  },
});
