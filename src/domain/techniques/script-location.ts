import { type Alert, summarize } from '../alerts/alert';

/**
 * A command to run on the machine that shows the script of an action run command; null if Azure stores the
 * script. Sources: Azure/run-command-handler-linux (its download folder), and published forensics notes on
 * the RunCommandWindows extension's Downloads folder.
 */
export function scriptLocation(alert: Alert): string | null {
  const { technique, refused } = summarize(alert);
  if (refused || technique.script !== 'not-logged') return null;
  if (technique.id === 'aks-run-command')
    return 'kubectl logs -n aks-command -l createdby=aks-command --tail=-1';
  const linux = 'sudo sh -c "tail -n +1 /var/lib/waagent/run-command/download/*/script.sh"';
  const windows =
    'Get-Content C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows\\*\\Downloads\\script*.ps1';
  const os = alert.facts.machine?.os;
  return os === 'Linux' ? linux : os === 'Windows' ? windows : `Linux: ${linux} · Windows: ${windows}`;
}
