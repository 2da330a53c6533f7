import { actionOf, allActions, kindOf } from '../../../actions/registry';
import { phrase, t, translate } from '../../../domain/text/translate';

/** What Runwatch and its console do besides the actions that people press. */
const others: Readonly<Record<string, string>> = {
  'sign in': phrase('Sign in'),
  'alerts here': phrase('Start alerts in a conversation'),
  'alerts stop': phrase('Stop alerts in a conversation'),
  'audit.key': phrase('Change the signing key'),
  'audit.signed': phrase('Start signing entries'),
  'queue.retry': phrase('Retry failed jobs'),
  'webhook.replay': phrase('Replay a webhook'),
  migrated: phrase('Take over from an earlier version'),
};

const driftSuffix = '.drift';

/** An action as people read it; unknown ids, such as those of later versions, stay as they are. */
export function actionName(id: string): string {
  if (id.endsWith(driftSuffix)) {
    const kind = id.slice(0, -driftSuffix.length);
    return t`${translate(kindOf(kind)?.name ?? kind)}: manual change`;
  }
  return translate(actionOf(id)?.name ?? others[id] ?? id);
}

/** Each name once, with an id that stands for it, in alphabetical order. */
export function actionChoices(): { id: string; name: string }[] {
  const ids = [...allActions().map(({ id }) => id), ...Object.keys(others)];
  const byName = new Map(ids.map((id) => [actionName(id), id]));
  return [...byName].map(([name, id]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}
