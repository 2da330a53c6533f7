import { hasIsolation } from '../actions/contain/isolate';
import type { AlertView } from '../domain/measures/alert-view';
import { isOpenFailure } from '../domain/measures/measure';
import { t } from '../domain/text/translate';
import type { Action } from './actions';

/** What a message offers at once. All other actions are under *All responses…*. */
export interface Controls {
  /** At most four, most important first. Approvals come before all others. */
  shown: Action[];
  /** The overflow menu: at most five, the most that Slack takes. */
  more: Action[];
}

const maxShown = 4;
const maxMore = 5;
/** Each has two buttons. More are pending only if someone floods us; All responses has them all. */
const maxApprovals = 2;

/** Opens every action that applies, in groups. */
export const allId = 'all';
/** A link to the alert's page. */
export const openId = 'open';

type Phase = 'new' | 'acknowledged' | 'contained' | 'closed';

/** Ids by state: the buttons, then the overflow menu. What does not apply is left out and the next moves up. */
const order: Record<Phase, { buttons: string[]; menu: string[] }> = {
  new: {
    buttons: ['acknowledge', 'isolate', 'add_exception', 'open'],
    menu: ['ask_caller', 'close', 'quick_exception', 'show_roles', 'assign', 'escalate'],
  },
  acknowledged: {
    buttons: ['isolate', 'add_exception', 'close', 'open'],
    menu: ['ask_caller', 'assign_to', 'revoke_role', 'snapshot', 'show_roles', 'add_note'],
  },
  contained: {
    buttons: ['acknowledge', 'isolate', 'revoke_role', 'lock', 'close', 'open'],
    menu: ['release', 'snapshot', 'assign_to', 'add_note'],
  },
  closed: {
    buttons: [
      'undo_exception',
      'release',
      'unlock',
      'restore_role',
      'start_machine',
      'attach_ip',
      'reopen',
      'open',
    ],
    menu: ['add_exception'],
  },
};

/** Failed measures come first until they are retried or dismissed. */
const first = ['retry', 'dismiss'];

export function controlsOf(view: AlertView, actions: readonly Action[], link: string | null): Controls {
  const { buttons, menu } = order[phaseOf(view)];
  const approvals = actions.filter(({ approvalId }) => approvalId).slice(0, maxApprovals * 2);
  const failed = view.measures.filter(isOpenFailure).map(({ action }) => action);
  const offered = [...first, ...buttons, ...menu]
    .filter((id) => !failed.includes(id))
    .flatMap((id) => controlOf(id, actions, link));
  const room = maxShown - approvals.length;
  const shown = offered.slice(0, room);
  // In the menu, what did not fit among the buttons comes after the menu's own.
  const left = offered.slice(room).filter(({ id }) => id !== openId);
  const own = left.filter(({ id }) => menu.includes(id));
  const ordered = [...own, ...left.filter((action) => !own.includes(action))];
  const fits = ordered.slice(0, maxMore - 1);
  const placed = new Set([...approvals, ...shown, ...fits].map(({ id }) => id));
  const isComplete = actions.every(({ id, choices }) => placed.has(id) && !choices);
  const all: Action[] = isComplete
    ? []
    : [{ id: allId, label: t`All responses…`, group: 'triage', does: '' }];
  return { shown: [...approvals, ...shown], more: [...fits, ...all] };
}

function phaseOf({ alert, measures }: AlertView): Phase {
  if (alert.state === 'closed') return 'closed';
  if (alert.state === 'contained' || hasIsolation(measures)) return 'contained';
  return alert.state === 'new' ? 'new' : 'acknowledged';
}

const dayPreset = 'caller-machine.1';

function controlOf(id: string, actions: readonly Action[], link: string | null): Action[] {
  if (id === openId)
    return link ? [{ id, label: t`Open in Runwatch`, group: 'triage', does: '', url: link }] : [];
  const found = actions.find((action) => action.id === id && !action.approvalId);
  if (!found) return [];
  if (!found.choices) return [found];
  const { choices, ...plain } = found;
  return choices.some(({ value }) => value === dayPreset)
    ? [{ ...plain, label: t`Except here for 24 h`, choice: dayPreset }]
    : [];
}
