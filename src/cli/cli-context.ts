import type { Output } from '../commands/support/output';
import type { Config } from '../config/config';

/** What every command needs. */
export interface CliContext {
  /**
   * The configuration from the environment.
   * @param options.needsSecret the command starts the bot or queues an action for it
   */
  config: (options?: { needsSecret?: boolean }) => Config;
  output: Output;
  /** Sets the exit code for when the command ends. */
  exit: (code: number) => void;
}
