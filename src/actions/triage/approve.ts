import { phrase } from '../../domain/text/translate';
import type { FreeAction } from '../action';
import { approvalInput } from '../input';
import { defineAction } from '../registry';

/** A second person's decision. The requested action decides who may make it. */
const decision = {
  about: 'approval',
  group: 'triage',
  right: 'responder',
  input: approvalInput,
  permissions: [],
  run: async () => null,
} as const;

defineAction<FreeAction>({ ...decision, id: 'approve', name: phrase('Approve') });
defineAction<FreeAction>({ ...decision, id: 'decline', name: phrase('Decline') });
