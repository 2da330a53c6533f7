import { textOf } from '../support/alerts';
import { createWebClient, type WebClient } from '../support/web-client';
import type { Fleet } from './fleet';
import type { Random } from './random';

type Name = 'sam' | 'lee';
type Where = 'slack' | 'teams' | 'console';

/** A press that its surface accepted. */
export interface Accepted {
  alertId: string;
  action: string;
  where: Where;
  /** The presser's id on the surface. */
  by: string;
}

const slackIds = { sam: 'U0SAM0000', lee: 'U0LEE0000' };
const teamsUsers = {
  sam: { id: '29:sam', name: 'Sam Ortiz', aadObjectId: '00000000-0000-4000-8000-00000000005a' },
  lee: { id: '29:lee', name: 'Lee Okafor', aadObjectId: '00000000-0000-4000-8000-00000000005b' },
};

/**
 * Two people on each surface. They acknowledge, isolate, which needs the other's approval, approve, decline and release.
 */
export function createPeople({ bench, teams, issuer, url, mode, withTeams }: Fleet, { pick }: Random) {
  const accepted: Accepted[] = [];
  const clients: Record<Name, WebClient> = { sam: createWebClient(), lee: createWebClient() };
  for (const user of Object.values(teamsUsers)) teams.people.set(user.id, user);
  const slackTo = mode === 'http' ? { url } : 'socket';
  let nonces = 0;

  const pressInSlack = async (alertId: string, action: string, who: Name) => {
    const message = bench.slack.messageOf(alertId);
    if (!message) return null;
    const before = bench.slack.views.length;
    const answer = await bench.slack.press(message, action, slackIds[who], slackTo);
    // Without the dialog, which a fault can keep from opening, nothing was asked for.
    const isAsked = !/^(isolate|release)$/.test(action) || bench.slack.views.length > before;
    return answer.status === 200 && isAsked ? slackIds[who] : null;
  };

  const pressInTeams = async (alertId: string, action: string, who: Name) => {
    const card = teams.cards().find((one) => alertOf(one.card) === alertId)?.card;
    if (!card) return null;
    const answer = await teams.press(url, card, action, teamsUsers[who]);
    const isOutdated = /no longer available|has expired/.test(answer.body);
    return answer.status === 200 && !isOutdated ? teamsUsers[who].aadObjectId : null;
  };

  const pageOf = async (alertId: string, client: WebClient) => {
    const answer = await client.request(`${url}/console/alerts/${alertId}`);
    return /name="csrf" value="([^"]+)"/.exec(await answer.text())?.[1];
  };
  const pressInConsole = async (alertId: string, action: string, who: Name) => {
    const client = clients[who];
    let csrf = await pageOf(alertId, client);
    if (!csrf) {
      const callback = /\/console\/callback\?/;
      await client.request(await client.signIn(`${url}/console/alerts/${alertId}`, who, callback));
      csrf = await pageOf(alertId, client);
    }
    if (!csrf) return null;
    const answer = await client.request(`${url}/console/alerts/${alertId}/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ csrf, nonce: `n${++nonces}` }).toString(),
    });
    return answer.status === 200 ? `${issuer.url}#${who}` : null;
  };

  const surfaces = { slack: pressInSlack, teams: pressInTeams, console: pressInConsole };
  const places: Where[] = withTeams ? ['slack', 'teams', 'console'] : ['slack', 'console'];

  /** Presses; whatever a fault or an outdated message prevents is not accepted. */
  async function press(alertId: string, action: string, who: Name, where: Where): Promise<boolean> {
    const by = await surfaces[where](alertId, action, who).catch(() => null);
    if (by) accepted.push({ alertId, action, where, by });
    return by !== null;
  }

  return {
    accepted,
    press,
    /** Someone presses something on one of the alerts. */
    pressSome: async (alertIds: readonly string[]) => {
      if (alertIds.length === 0) return;
      const [who, where] = [pick(['sam', 'lee'] as const), pick(places)];
      const other = who === 'sam' ? 'lee' : 'sam';
      const alertId = pick(alertIds);
      const action = pick(['acknowledge', 'isolate', 'isolate', 'isolate', 'release']);
      if (!(await press(alertId, action, who, where)) || action !== 'isolate') return;
      const next = pick(['approve', 'approve', 'decline', 'isolate', null]);
      const approver = pick([other, other, who] as const);
      if (next) await press(alertId, next, approver, where);
    },
    /** Presses in Slack again until nothing is left of a condition. */
    settle: (alertId: string, action: string) => press(alertId, action, 'sam', 'slack'),
  };
}
export type People = ReturnType<typeof createPeople>;

export const alertOf = (card: unknown): string | undefined =>
  /"alertId":"(RW-[^"]+)"/.exec(JSON.stringify(card))?.[1];

/** What a message says, by the alert's id. */
export const slackTexts = ({ bench }: Fleet): Map<string, string> =>
  new Map(bench.slack.alerts().map((m) => [m.metadata?.event_payload.alert_id as string, textOf(m)]));
