import { surfaceDefinitions } from './chat/surfaces';
import { type Config, readConfig } from './config/config';
import type { Env, ReadFile } from './config/variables';

/** Loads the configuration, with the settings of every surface. See {@link readConfig}. */
export const loadConfig = (env: Env, readFile?: ReadFile, options?: { needsSecret?: boolean }): Config =>
  readConfig(env, surfaceDefinitions(), readFile, options);
