import { createHash } from 'node:crypto';
import type { CallerReview } from '../../../domain/access/caller-review';
import { addressParts } from '../../../domain/alerts/address-text';
import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import type { CampaignStep } from '../../../domain/alerts/campaign';
import { oddTexts, unusualText } from '../../../domain/alerts/stands-out';
import type { Sla } from '../../../domain/alerts/timing';
import type { AlertView } from '../../../domain/measures/alert-view';
import { versionOf } from '../../../domain/measures/alert-view';
import { isSamePerson, type Presser } from '../../../domain/people/person';
import { plainLine } from '../../../domain/text/plain-text';
import { t, translate } from '../../../domain/text/translate';
import type { Action } from '../../actions';
import { factsOf } from '../../fact-lines';
import type { Fact } from '../../inline';
import type { MessageModel } from '../../message';
import { responseTimes } from '../../response-times';
import { environmentText, outcomeOf, sentenceOf, severityName, whereOf } from '../../sentence';
import { pressForm } from '../forms';
import { type Html, html, tHtml } from '../html';
import { ageHtml, factsHtml, lineHtml } from '../inline-html';
import { accessGraph } from './access-graph';
import { accessReviewHtml } from './access-review';
import { campaignHtml } from './campaign';
import { copyHtml } from './copy';
import { evidenceHtml } from './evidence';
import { guestHtml } from './guest-evidence';
import { machinesTable } from './machines-table';
import { type RelatedAlerts, relatedHtml } from './related';
import { allResponses, measuresHtml, nextStep } from './responses';
import { scoreBreakdown } from './score-breakdown';
import { signInsHtml } from './sign-in-evidence';
import { timelineHtml } from './timeline';

export interface AlertPageContext {
  csrf: string;
  now: number;
  sla: Sla;
  viewer: Presser;
  related: RelatedAlerts;
  campaign: readonly CampaignStep[];
  /** The latest access review of the caller; null if nobody asked for one. */
  review: CallerReview | null;
}

/** The page of one alert: what is known on the left, what to do on the right. A closed alert keeps its facts. */
export function alertPage(view: AlertView, model: MessageModel, context: AlertPageContext): Html {
  const { alert } = view;
  const { now, sla, csrf, viewer, related, campaign, review } = context;
  const { actions: all, status } = model.page();
  // Their own request needs a second person, so that Approve would be refused.
  const ownRequests = view.approvals.filter(({ by }) => isSamePerson(by, viewer)).map(({ id }) => id);
  const mayTry = ({ id, approvalId = '' }: Action) => id !== 'approve' || !ownRequests.includes(approvalId);
  const actions = all.filter(mayTry);
  const facts = factsOf(alert, now);
  const pick = (...labels: string[]) => {
    const wanted = new Set(labels.map(translate));
    return facts.filter(({ label }) => wanted.has(label));
  };
  const times = responseTimes(alert, sla, now);
  return html`${crumbs(alert.id, false)}
<header class="head" id="alert" data-id="${alert.id}" data-rev="${versionOf(view)}"><h1><span class="pill ${alert.severity}">${severityName(alert)} <span class="num">${alert.score}</span></span> ${titleOf(alert)}</h1><p class="lead">${lead(alert, now)}</p></header>
${pressForm(csrf)}<div role="status"><button type="button" class="btn primary fresh" id="fresh" hidden></button></div>
<div class="grid"><div class="facts-column">
${part('why', html`<h2>${t`Why it stands out`}</h2>${whyHtml(alert, pick)}`)}
${part('campaign', campaignHtml(campaign, alert.id))}
${part('exposes', html`<h2>${t`What it exposes`}</h2>${factsHtml([...pick('What it exposes').map(capital), ...pick('Who', 'Where', 'Commands', 'Unavailable')])}`)}
${part('access', html`<h2>${t`Access path`}</h2>${accessGraph(alert)}${sentences(pick('Access path'))}`)}
${part('review', review !== null && accessReviewHtml(alert, review), 'asked')}
${part('evidence', evidenceHtml(alert) || scriptFacts(pick('Script', 'Scripts', 'Output')))}
${part('guest', guestHtml(alert))}
${part('sign-ins', signInsHtml(alert))}
${part('machines', machinesTable(view), 'live')}
${part('timeline', html`<h2 tabindex="-1">${t`Timeline`}</h2>${timelineHtml(view)}`, 'live')}
</div><aside class="rail" aria-label="${t`Response`}">
${part('next', nextStep(view, { shown: model.controls.shown.filter(mayTry) }, [...status, ...times]), 'live')}
${part('measures', measuresHtml(view, actions), 'live')}
${part('responses', allResponses(actions, alert.id), 'live')}
${part('related', relatedHtml(alert, related, now), 'live')}
${part('copy', copyHtml(alert), 'live')}
</aside></div>`;
}

/** "Run command on vm-pay-01". */
export const titleOf = (alert: Alert): string => t`${summarize(alert).technique.title} on ${whereOf(alert)}`;

/** @param isBelow true on a page below the alert's own */
export const crumbs = (id: string, isBelow: boolean): Html =>
  html`<nav class="crumbs" aria-label="${t`Breadcrumb`}"><a href="/console">${t`Alerts`}</a> / ${isBelow ? html`<a href="/console/alerts/${id}">${id}</a>` : html`<span aria-current="page">${id}</span>`}</nav>`;

/**
 * A section that the page's script replaces on its own. `live` ones are replaced at once; `calm` ones only when
 * the reader asks, because they would move what is being read; `asked` ones at once, and they come into view for
 * whoever pressed.
 */
function part(name: string, body: Html | false, how: 'live' | 'calm' | 'asked' = 'calm'): Html {
  const text = body ? body.text : '';
  const version = createHash('sha256')
    .update(text.replace(/>[^<]*<\/time>/g, '>'))
    .digest('hex')
    .slice(0, 12);
  return html`<section class="panel" id="part-${name}" data-part="${how}" data-version="${version}"${!body && html` hidden`}>${body}</section>`;
}

/** "Dana Reyes (Support engineer) ran a command as root on vm-pay-01, production, 4 min ago. Succeeded after 32 s." */
function lead(alert: Alert, now: number): Html {
  const { startedAt, caller } = summarize(alert);
  const { who } = alert.facts;
  const name = callerName(alert);
  const about = [
    plainLine(who?.jobTitle, 60),
    who?.guest ? t`guest` : '',
    caller.ip ? t`from ${addressParts(alert).join(', ')}` : '',
  ].filter(Boolean);
  const where = environmentText(alert);
  const did = sentenceOf(alert);
  // Other languages may begin with another word.
  const rest = did.startsWith(name) ? did.slice(name.length) : `: ${did}`;
  return html`<strong>${name}</strong>${about.length > 0 && ` (${about.join(', ')})`}${rest}${where && html`, <strong>${where}</strong>`}${tHtml`, ${ageHtml(startedAt, now)} ago. ${outcomeOf(alert)}.`}`;
}

function whyHtml(alert: Alert, pick: (...labels: string[]) => Fact[]): Html {
  // The drawing only: the text after it is about the chats' thread.
  const days = pick('30 days').map(({ label, value }) => ({ label, value: value.slice(0, 1) }));
  return html`${oddTexts(alert).length === 0 && html`<p>${unusualText(alert)}</p>`}${scoreBreakdown(alert)}${factsHtml([...pick('Prevalence', 'Similar alerts'), ...days].map(capital))}`;
}

const sentences = (facts: readonly Fact[]): Html =>
  html`${facts.map((fact) => html`<p class="muted">${lineHtml(capital(fact).value)}</p>`)}`;

const capital = ({ label, value: [first = '', ...rest] }: Fact): Fact => ({
  label,
  value: [typeof first === 'string' ? `${first.charAt(0).toUpperCase()}${first.slice(1)}` : first, ...rest],
});

const scriptFacts = (facts: readonly Fact[]): Html | false => {
  const shown = factsHtml(facts);
  return shown && html`<h2>${t`Script`}</h2>${shown}`;
};
