import { AzureError } from '../../azure/connection/azure-error';
import { Refusal } from '../../domain/alerts/transitions';
import { t } from '../../domain/text/translate';

/** A permanent failure: a retry can't fix it. */
export class PermanentError extends Error {}

/** Azure may or may not have run the step. Repeating the step could run it twice. */
export class UnknownOutcomeError extends PermanentError {
  constructor(words: string) {
    super(
      t`Azure did not respond, so the result is unknown (${words}). Check the machine, then retry or dismiss`,
    );
  }
}

/** Azure rejected the change before starting it. A failed read says nothing about the change. */
export const wasNotAccepted = (error: unknown) =>
  error instanceof AzureError &&
  error.method !== undefined &&
  error.method !== 'GET' &&
  [400, 401, 403, 404, 409, 412, 429, 503].includes(error.statusCode);

/** Whether a retry may fix the failure. Any other failure is shown and ends the work. */
export const isTransient = (error: unknown): boolean =>
  !(error instanceof PermanentError) &&
  !(error instanceof Refusal) &&
  (!(error instanceof AzureError) ||
    error.statusCode === 0 ||
    error.statusCode === 429 ||
    error.statusCode >= 500);

/** Why something did not work: which permission to grant, or what Azure said. */
export const reasonOf = (error: unknown, message: string): string =>
  error instanceof AzureError && error.statusCode === 403 ? error.remedy : message;
