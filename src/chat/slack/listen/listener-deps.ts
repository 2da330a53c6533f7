import type { App } from '@slack/bolt';
import type { MissingPermissions } from '../../../actions/missing-permissions';
import type { Exception } from '../../../domain/exceptions/exception';
import type { AlertView } from '../../../domain/measures/alert-view';
import type { Presser } from '../../../domain/people/person';
import type { Log } from '../../../runtime/log';
import type { HomePart } from '../../home-part';
import type { Suggestions } from '../../suggestions';
import type { SurfacePress } from '../../surface-press';
import type { SlackPeople } from '../slack-people';
import type { SlackConfig } from '../slack-settings';

export interface SlackAppDeps {
  config: SlackConfig;
  log: Log;
  press: (pressed: SurfacePress) => Promise<string>;
  /** The outcome of a press, as text for the presser; null while there is none. */
  outcomeOf: (pressId: string) => Promise<{ text: string } | null>;
  /** User lookup in the workspace of the press. */
  peopleIn: (team: string | undefined) => SlackPeople;
  mayRead: (presser: Presser) => Promise<boolean>;
  /** Message for people without read access. */
  cannotRead: string;
  getView: (id: string) => Promise<AlertView | null>;
  /** Permissions that the bot lacks for the actions on an alert; null if that can't be told. */
  missingPermissions: (view: AlertView) => Promise<MissingPermissions | null>;
  suggestions: Suggestions;
  /** False if no responder is configured. */
  responders: boolean;
  /** Link to an alert's page; null without a public URL. */
  linkTo: (alertId: string) => string | null;
  /** Describes what an exception matches and which alerts it would have suppressed. */
  backtest: (exception: Pick<Exception, 'match' | 'silenceCritical'>) => Promise<string>;
  /** Content of a person's home page. */
  home: (presser: Presser) => Promise<HomePart[]>;
  /** Runs a `/runwatch` command and returns the answer. */
  command: (text: string) => Promise<string>;
  now: () => number;
}

/** Dependencies shared by all listeners. */
export interface ListenerDeps extends SlackAppDeps {
  app: App;
  /** Channel id in our notation: prefixed with its team unless in the first workspace. */
  placeOf: (team: string | undefined, channel: string) => string;
}
