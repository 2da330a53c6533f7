import type { HealthProblem, HealthReport } from '../../../domain/system-health/health-report';
import { t } from '../../../domain/text/translate';

/** What to do about a problem; null where the problem's own text says it. */
export function adviceOn({ id, kind }: HealthProblem, { subscriptions }: HealthReport): string | null {
  if (kind === 'subscription') return adviceOnReading(causeOf(id, subscriptions));
  if (id.startsWith('lost ')) return t`Look at the machines’ own logs for commands run in that time.`;
  if (kind === 'gap')
    return t`Wait for the next polls. If it stays, look at that time in Azure’s activity log.`;
  if (kind === 'surface')
    return t`Check that the app is still in the channel and its token is valid: run \`runwatch doctor\`.`;
  if (kind === 'audit copy') return t`Check that the place can be written to and has space.`;
  if (id === 'sentinel rejected rows')
    return t`Compare the columns of the table and of the data collection rule with those in deploy/sentinel.`;
  if (kind === 'sentinel')
    return t`Run \`runwatch doctor\`: it checks the endpoint, the rule and the permission.`;
  return null;
}

/** The status of one subscription, or of the many that share a problem: "subscriptions 403". */
function causeOf(id: string, subscriptions: HealthReport['subscriptions']): string {
  const [what = '', about = ''] = id.split(' ');
  if (what === 'subscriptions') return about;
  return String(subscriptions.find((one) => one.id === about)?.status ?? '');
}

function adviceOnReading(cause: string): string {
  if (cause === '403')
    return t`Grant Runwatch’s identity the role Reader there, then run \`runwatch doctor\`.`;
  if (cause === '401') return t`Renew the credential of Runwatch’s identity and restart Runwatch.`;
  if (cause === '404')
    return t`If the subscription was deleted, it will disappear here. Otherwise check which tenant the identity belongs to.`;
  return t`Check that a process with the role poll is running and can reach Azure: run \`runwatch doctor\`.`;
}
