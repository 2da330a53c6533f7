import { alertPage } from '../../src/chat/console/alert/alert-page';
import { type MessageOptions, messageOf } from '../../src/chat/message';
import type { AlertView } from '../../src/domain/measures/alert-view';
import type { Presser } from '../../src/domain/people/person';

const nothing = { alerts: [], count: 0 };
export const unrelated = { caller: nothing, machine: nothing, script: nothing };

/** An alert's page in the console, as HTML. */
export const pageTextOf = (
  view: AlertView,
  options: Partial<MessageOptions> & { viewer?: Presser } = {},
): string => {
  const {
    now = 0,
    sla = {},
    responders = true,
    viewer = { surface: 'console', id: 'v', name: 'V' },
  } = options;
  const model = messageOf(view, { responders, now, sla });
  return alertPage(view, model, {
    csrf: 'x',
    now,
    sla,
    viewer,
    related: unrelated,
    campaign: [],
    review: null,
  }).text;
};
