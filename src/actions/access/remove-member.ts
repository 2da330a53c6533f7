import { summarize } from '../../domain/alerts/alert';
import { callerName } from '../../domain/alerts/caller-name';
import { Refusal } from '../../domain/alerts/transitions';
import { callerSubject } from '../../domain/measures/subjects';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';

interface Membership {
  groupId: string;
  group: string;
  memberId: string;
  member: string;
}

/** Removes the caller from the group that grants the role, through Microsoft Graph. Undo adds them back. */
defineMeasureAction<Membership>({
  id: 'remove_member',
  group: 'access',
  label: phrase('Remove from group…'),
  order: 280,
  style: 'danger',
  confirm: {
    title: ({ alert }) => t`Remove ${callerName(alert, 40)}?`,
    text: phrase(
      'Removes the caller from the group that grants the role. Other members keep it. Tokens already issued may work for up to an hour.',
    ),
    yes: phrase('Remove'),
  },
  permissions: [],
  graph: ['GroupMember.ReadWrite.All'],
  kind: {
    kind: 'membership',
    name: phrase('Remove from group'),
    undoName: phrase('Put back into group'),
    subjects: ({ id }) => [callerSubject(id.split(' ')[1] ?? '')],
    prepare: async ({ id, name }, _, { azure }) => {
      const [groupId = '', memberId = ''] = id.split(' ');
      const [member = '', group = ''] = name.split(' in ');
      if (!(await azure.directory.isDirectMember(memberId, groupId)))
        throw new Refusal(t`${member} is in ${group} through a nested group. Remove them from that group.`);
      return { groupId, group, memberId, member };
    },
    steps: ({ groupId, group, memberId, member }) => [
      {
        words: t`remove ${member} from ${group}`,
        run: ({ azure }) => azure.directory.removeMember(groupId, memberId),
      },
    ],
    says: ({ member, group }) =>
      t`${member} was removed from ${group}. Tokens already issued may work for up to an hour.`,
    undo: {
      steps: ({ groupId, group, memberId, member }) => [
        {
          words: t`add ${member} back to ${group}`,
          run: ({ azure }) => azure.directory.addMember(groupId, memberId),
        },
      ],
      says: ({ member, group }) => t`${member} is in ${group} again.`,
    },
    drift: async ({ groupId, group, memberId, member }, { azure }) =>
      (await azure.directory.isDirectMember(memberId, groupId))
        ? t`someone added ${member} back to ${group}`
        : null,
  },
  targets: ({ alert }) => {
    const { caller } = summarize(alert);
    const { grant, group } = alert.facts.access ?? {};
    if (!caller.id || !group || !grant?.principalId)
      throw new Refusal(t`The group that grants the role is unknown.`);
    return [
      {
        id: `${grant.principalId.toLowerCase()} ${caller.id.toLowerCase()}`,
        name: t`${plainLine(caller.name, 80)} in ${plainLine(group.name, 80)}`,
      },
    ];
  },
  fits: ({ alert }) => {
    const { grant, group } = alert.facts.access ?? {};
    return Boolean(group && grant?.principalId && summarize(alert).caller.id);
  },
  undo: {
    id: 'add_member',
    label: phrase('Put back into group…'),
    order: 281,
    sameRightAs: 'remove_member',
    confirm: {
      title: ({ alert }) => t`Put ${callerName(alert, 40)} back?`,
      text: phrase('Makes the caller a member of the same group again.'),
      yes: phrase('Put back'),
    },
    permissions: [],
    graph: ['GroupMember.ReadWrite.All'],
  },
});
