import { phrase } from '../../domain/text/translate';
import type { FreeAction } from '../action';
import { auditOf } from '../audit-of';
import { defineAction } from '../registry';
import { approvalOf, checkException, exceptionInputSchema, readException, savedText } from './add-exception';

/** Stores an exception from a form that belongs to no alert, by the rules of add_exception. */
defineAction<FreeAction>({
  about: 'exception',
  id: 'create_exception',
  group: 'triage',
  name: phrase('Add exception'),
  right: 'responder',
  sameRightAs: 'add_exception',
  input: exceptionInputSchema,
  permissions: [],
  approval: async (press, deps) => approvalOf(readException(press), press, deps),
  run: async (press, deps) => {
    const exception = readException(press);
    await checkException(exception, press, deps);
    const audit = auditOf(press, null, 'done', exception.reason, {
      exception,
      ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
    });
    await deps.store.exceptions.put(exception, [{ ...audit, object: exception.id }], press.pressId);
    return savedText(exception, press, deps);
  },
});
