import { plainLine } from '../text/plain-text';
import { counted, t } from '../text/translate';
import { type Alert, summarize } from './alert';
import { type Rarity, rarest, rarityOf } from './prevalence';

/** Reasons of the score that other lines show. */
const shownElsewhere = new Set(['technique', 'burst', 'production', 'privilegedIdentity', 'scriptTrait']);

/** The score's unusual reasons, most points first. The base, the outcome and the environment appear elsewhere. */
export const oddReasons = ({ reasons }: Alert) =>
  reasons
    .slice(1)
    .filter(({ id, points }) => points > 0 && !shownElsewhere.has(id ?? ''))
    .sort((a, b) => b.points - a.points);

const maxRarities = 3;

/** What is unusual, rarest first; empty if nothing is. */
export function oddTexts(alert: Alert): string[] {
  const odd = oddReasons(alert);
  const isScored = (reason: string) => odd.some(({ id }) => id === reason);
  const rare = rarities(alert)
    .filter(({ days }) => days !== null)
    .filter(({ id }) => !(saidByFirstTime.has(id) && isScored('firstOnMachine')))
    .slice(0, maxRarities);
  const isNewNetwork = rare.some(({ id }) => id === 'callerFromNetwork');
  const others = odd.filter(({ id }) => !(id === 'newAddress' && isNewNetwork));
  return [...rare, ...others].map(({ text }) => plainLine(text, 120));
}

/** Rarities that "first time on this machine" includes for the reader. */
const saidByFirstTime = new Set<Rarity['id']>(['callerOnMachine', 'machineTechnique']);

/** The same as a line; it says so if nothing is unusual or if that is not known yet. */
export function unusualText(alert: Alert): string {
  const texts = oddTexts(alert);
  if (texts.length > 0) return texts.join(' · ');
  const { history } = alert.facts;
  if (!history || history.days < 1) return t`Unavailable: history is still being loaded`;
  return t`Nothing unusual: ran here ${times(history.onThisMachine)} before, ${times(history.byCaller)} in total, in ${counted(history.days, '# day', '# days')}`;
}

/** What is rare about the executions, rarest first. */
export function rarities(alert: Alert): Rarity[] {
  const { history, prevalence } = alert.facts;
  if (!history || !prevalence) return [];
  return rarest(
    summarize(alert).executions.flatMap((execution) => {
      const known = prevalence[execution.key];
      return known ? rarityOf(execution, known, history.days) : [];
    }),
  );
}

const times = (count: number) => (count === 1 ? t`once` : counted(count, '# time', '# times'));
