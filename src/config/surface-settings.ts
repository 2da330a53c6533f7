import type { z } from 'zod';

/** What a surface's settings are read from. */
export interface SettingsSource {
  /** RUNWATCH_CONFIG; `keys` of the surface are checked by their schemas. */
  policy: Readonly<Record<string, unknown>>;
  /** Address that Runwatch listens on. */
  host: string;
  /** The value of a variable that RUNWATCH_CONFIG names, or of its NAME_FILE. It is treated as a secret. */
  variable: (name: string) => string | undefined;
  /** Faults are collected here, not thrown. */
  faults: string[];
}

/** The configuration of a chat: its variables, and its keys in RUNWATCH_CONFIG. */
export interface SurfaceSettings<Variables extends Record<string, z.ZodType>, Settings> {
  /** Name of the surface, and its key in `routes` and `escalation` of RUNWATCH_CONFIG. */
  name: string;
  /** Environment variables; each can be read from NAME_FILE too. */
  variables: Variables;
  /** Variables that hold secrets. */
  secrets: readonly (keyof Variables & string)[];
  /** Top-level keys in RUNWATCH_CONFIG, with their descriptions for docs/configuration.md. */
  keys?: Readonly<Record<string, { schema: z.ZodType; description: string }>>;
  /** Returns null if the surface is not configured. */
  read: (
    values: { [K in keyof Variables]?: z.output<Variables[K]> },
    source: SettingsSource,
  ) => Settings | null;
  /** The settings for `runwatch config`, without secrets. */
  shown: (settings: Settings) => Record<string, unknown>;
}

// biome-ignore lint/suspicious/noExplicitAny: each surface knows its own settings.
export type AnySurfaceSettings = SurfaceSettings<Record<string, z.ZodType>, any>;
