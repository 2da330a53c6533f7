import { destination, type Logger, pino } from 'pino';

export type Log = Logger;

/** Structured logs on stderr; tokens and headers never reach them. */
export const createLog = (level: string): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
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
    destination(2),
  );
