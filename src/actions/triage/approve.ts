import type { FreeAction } from '../action';
import { anApproval } from '../input';
import { defineAction } from '../registry';

/** The second, different person's word; who may give it is decided by what was asked for. */
const decision = {
  about: 'approval',
  group: 'triage',
  right: 'responder',
  input: anApproval,
  permissions: [],
  run: async () => null,
} as const;

defineAction<FreeAction>({ ...decision, id: 'approve', name: 'Approve' });
defineAction<FreeAction>({ ...decision, id: 'decline', name: 'Decline' });
