import type { App } from '@slack/bolt';
import type { SlackConfig } from '../../config/config';
import type { Alert } from '../../domain/alerts/alert';
import type { Exception } from '../../domain/exceptions/exception';
import type { AlertView } from '../../domain/measures/alert-view';
import type { Presser } from '../../domain/people/person';
import type { Log } from '../../runtime/log';
import type { SurfacePress } from '../surface-press';
import type { SlackPeople } from './slack-people';

export interface SlackAppDeps {
  config: SlackConfig;
  log: Log;
  press: (pressed: SurfacePress) => Promise<string>;
  /** Who somebody is, in the workspace that they pressed in. */
  peopleIn: (team: string | undefined) => SlackPeople;
  mayRead: (presser: Presser) => Promise<boolean>;
  /** Told to whoever may not read. */
  cannotRead: string;
  getView: (id: string) => Promise<AlertView | null>;
  /** Alerts that are still open, newest first. */
  openAlerts: () => Promise<Alert[]>;
  /** False when no responder is configured. */
  responders: boolean;
  /** What an exception matches and would have silenced, in words. */
  backtest: (exception: Pick<Exception, 'match' | 'silenceCritical'>) => Promise<string>;
  /** What a person's home page shows. */
  home: (presser: Presser) => Promise<{ heading: string; lines: string[] }[]>;
  /** Answers `/runwatch …`. */
  command: (text: string) => Promise<string>;
  now: () => number;
}

/** What the listeners share. */
export interface SlackListening extends SlackAppDeps {
  app: App;
  /** A channel as we write it: with its team where that is not the first workspace. */
  placeOf: (team: string | undefined, channel: string) => string;
}
