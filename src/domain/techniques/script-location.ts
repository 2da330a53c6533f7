import { type Alert, summarize } from '../alerts/alert';
import { firstMachine } from '../alerts/join-facts';

/** A command that shows the script on the machine; null unless the script is only there, or if Azure denied the call. */
export function scriptLocation(alert: Alert): string | null {
  const { technique, refused } = summarize(alert);
  if (refused || technique.script.where !== 'machine') return null;
  return technique.script.command(firstMachine(alert)?.os ?? null);
}
