import { configureActions } from '../../src/actions/registry';
import type { Action } from '../../src/chat/actions';
import { sheetHtml } from '../../src/chat/console/forms';
import { messageOf } from '../../src/chat/message';
import { toAllCard } from '../../src/chat/teams/dialog-cards';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const told = 'A second responder must approve this.';
const view = untouched(newAlert('RW-1', [executionFrom(event()) as Execution], '2026-11-20T12:00:00Z'));
const actionOf = (id: string): Action => {
  const { actions } = messageOf(view, {
    responders: true,
    sla: {},
    now: Date.parse(view.alert.updatedAt),
  }).page();
  return actions.find((action) => action.id === id) as Action;
};
afterEach(() => configureActions({}));

test('a dialog says beforehand that a second person must approve, on every surface', () => {
  configureActions({ fourEyes: ['isolate'] });
  expect(actionOf('isolate').confirm?.text).toMatch(new RegExp(`^${told} `));
  expect(sheetHtml(actionOf('isolate'), [], { alertId: 'RW-1', csrf: '' }).text).toContain(told);
  const all = toAllCard([actionOf('isolate')], 'RW-1', null);
  expect(JSON.stringify(all)).toContain(told);
});

test('nothing is said of actions that one person may do', () => {
  configureActions({ fourEyes: ['lock'] });
  expect(actionOf('isolate').confirm?.text).not.toContain(told);
  expect(actionOf('isolate_with').confirm?.text).not.toContain(told);
});

test('a combined action says so if its first part needs two people', () => {
  configureActions({ fourEyes: ['isolate'] });
  expect(actionOf('isolate_with').does).toContain(told);
});
