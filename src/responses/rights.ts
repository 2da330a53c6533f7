import { declarations } from '../alerts/declarations';
import type { ActionId, PolicyFile } from '../config';
import type { PressJob } from './response';

/** Actions that need no right of their own: whoever may do the other may do these. */
const sameRight: Partial<Record<ActionId, ActionId>> = {
  assign_to: 'assign',
  investigate: 'assign',
  watch: 'assign',
  unwatch: 'assign',
  add_note: 'acknowledge',
  review_access: 'show_roles',
  start_machine: 'deallocate',
  attach_ip: 'detach_ip',
  add_member: 'remove_member',
  enable_caller: 'disable_caller',
  restore_old_disk: 'restore',
  revoke_listed: 'revoke_role',
  restore_listed: 'restore_role',
};

/** The actions that somebody must be allowed to do for this press: each part of one that does several. */
export function rightsFor({ action, input }: Pick<PressJob, 'action' | 'input'>): ActionId[] {
  if (action === 'isolate_with') {
    const parts = String(input?.also ?? '').split(',');
    return [
      'isolate',
      ...(['lock', 'detach_ip', 'restart', 'deallocate'] as const).filter((id) => parts.includes(id)),
    ];
  }
  if (action.endsWith('_exception') || action === 'approve' || action === 'decline') return ['add_exception'];
  return [sameRight[action] ?? action];
}

/** Does any part of the press want a second, different responder? By the configuration, else by the declarations. */
export function wantsFourEyes(press: Pick<PressJob, 'action' | 'input'>, { fourEyes }: PolicyFile): boolean {
  const wanted = fourEyes ?? declarations.filter((one) => one.fourEyes).map(({ action }) => action);
  return wanted.includes(press.action) || rightsFor(press).some((right) => wanted.includes(right));
}
