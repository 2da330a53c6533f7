import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { storedResources } from '../../domain/techniques/catalogue';
import { phrase, t } from '../../domain/text/translate';
import { defineMeasureAction } from '../measures/measure-action';
import { machineSubjects } from '../measures/measure-record';
import { isOneMachine, lastPart } from '../targets';

interface Leftover {
  id: string;
  name: string;
}

const leftoverType = /\/(runCommands|extensions)$/;

/**
 * Removes the managed run command or extension from the machine. Removal cancels a run command in progress.
 */
defineMeasureAction<Leftover>({
  id: 'clean_up',
  group: 'recover',
  label: phrase('Clean up…'),
  order: 310,
  style: 'danger',
  confirm: {
    text: phrase(
      'Removes the managed run command or extension from the machine and cancels it if it is still running. Its effects are not undone. Runwatch can’t restore it, because protected settings can’t be read.',
    ),
    yes: phrase('Remove it'),
  },
  permissions: storedResources()
    .filter(({ type }) => leftoverType.test(type))
    .flatMap(({ type }) => [`${type}/read`, `${type}/delete`]),
  kind: {
    kind: 'leftover',
    name: phrase('Clean up'),
    passes: true,
    needsUnlocked: true,
    subjects: ({ id }) => machineSubjects({ id: machineOf(id), name: '' }),
    prepare: async ({ id }, _, { azure }) => {
      if (!(await azure.hasLeftover(id))) throw new Refusal(t`It is no longer on the machine.`);
      return { id, name: lastPart(id) };
    },
    steps: ({ id, name }) => [{ words: t`remove ${name}`, run: ({ azure }) => azure.removeLeftover(id) }],
    says: ({ name }) => t`${name} was removed from the machine. Its effects are not undone.`,
  },
  targets: ({ alert }) => {
    const { resourceId } = summarize(alert).first;
    if (!leftover.test(resourceId))
      throw new Refusal(t`An action run command leaves nothing in Azure to remove.`);
    return [{ id: resourceId, name: lastPart(resourceId) }];
  },
  fits: (view) => {
    const { technique, first } = summarize(view.alert);
    return technique.script.where === 'resource' && leftover.test(first.resourceId) && isOneMachine(view);
  },
});

const leftover = /\/(runCommands|extensions)\/[^/]+$/i;
const machineOf = (id: string) => id.replace(leftover, '');
