import { destination, type Logger, pino } from 'pino';
import { redactSecrets } from '../domain/text/redactor';
import { traceFields } from './tracing';

export type Log = Logger;

/**
 * Structured logs on stderr, one JSON object per line, without tokens, headers, or Runwatch's own secrets.
 */
export const createLog = (level: string): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceFields,
      redact: {
        paths: [
          'token',
          '*.token',
          'authorization',
          '*.authorization',
          'headers',
          '*.headers',
          '*.config',
          '*.request',
          '*.response',
        ],
        censor: '[redacted]',
      },
      serializers: {
        error: (error: Error & { code?: unknown; remedy?: unknown }) => ({
          message: String(error?.message ?? error).slice(0, 1000),
          code: error?.code,
          remedy: error?.remedy,
          stack: error?.stack?.split('\n').slice(1, 4).join('\n'),
        }),
      },
    },
    withoutSecrets(destination(2)),
  );

const withoutSecrets = (out: { write: (line: string) => unknown }) => ({
  write: (line: string) => void out.write(redactSecrets(line)),
});
