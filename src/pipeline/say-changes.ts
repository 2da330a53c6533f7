import { type Alert, summarize } from '../domain/alerts/alert';
import { isRaised, lastSeverityChange, severityChangeText } from '../domain/alerts/later-changes';
import { newSinceResponse } from '../domain/alerts/transitions';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import { ownChannels, type RemindDeps } from './remind';

type SayDeps = Pick<RemindDeps, 'store' | 'queues' | 'policy' | 'now'>;

/** A change is said within this time. Notices are remembered for longer, so each is posted once. */
const saidMs = 86_400_000;

/** Posts a notice when the severity of a shown alert rose, because an updated message is easily missed. */
export async function sayRaised(alert: Alert, deps: SayDeps): Promise<void> {
  const change = lastSeverityChange(alert);
  if (!change || !isRaised(change) || deps.now() - Date.parse(change.at) > saidMs) return;
  const text = t`${alert.id} was ${severityChangeText(change)}. ${aboutOf(alert)}`;
  await say(`notice-severity-${alert.id}-${change.at}`, text, alert, deps);
}

/** Posts one notice after each response when the alert got more commands since. */
export async function sayGrown(alert: Alert, deps: SayDeps): Promise<void> {
  const { announced, state, history } = alert;
  const response = history.findLast(({ by }) => by.surface !== 'runwatch');
  const count = newSinceResponse(alert);
  if (!announced || state === 'closed' || !response || count === 0) return;
  if (deps.now() - Date.parse(alert.updatedAt) > saidMs) return;
  const who = plainLine(response.by.name, 80);
  const text = t`${alert.id} got ${counted(count, '# more command', '# more commands')} since ${who} responded (${translate(response.to)}). ${aboutOf(alert)}`;
  await say(`notice-more-${alert.id}-${history.indexOf(response)}`, text, alert, deps);
}

async function say(id: string, text: string, alert: Alert, deps: SayDeps): Promise<void> {
  const { store, queues } = deps;
  const channels = await ownChannels(alert, deps);
  if (await store.deliveries.addNotice({ id, text, channels }, store.surfaces))
    await queues.deliverAll(store.surfaces, [id]);
}

function aboutOf(alert: Alert): string {
  const { technique, caller, machines, target } = summarize(alert);
  const where = machines > 1 ? counted(machines, '# machine', '# machines') : plainLine(target.name, 60);
  return t`${technique.title} on ${where} by ${plainLine(caller.name, 80)}.`;
}
