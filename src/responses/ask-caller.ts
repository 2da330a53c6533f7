import { summarize } from '../alerts/alert';
import type { Asked } from '../alerts/measures';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

const answers = ['yes', 'no', 'automation'] as const;

/**
 * Asks the caller in a direct message whether it was them. The answer is noted and shown, and never closes an alert: an
 * attacker may hold the account. "No" makes it critical.
 */
export const askCaller: Response = {
  action: 'ask_caller',
  title: 'Ask the caller',
  needs: 'triage',
  permissions: [],
  run: async (alert, press, deps) => {
    const answer = answers.find((known) => known === press.input?.answer);
    const { asked } = alert.measures;
    if (answer) {
      if (!asked || asked.userId !== press.by.id) throw new Refusal('The question was put to somebody else.');
      await measure(press, deps, () => ({ asked: { ...asked, answer, answeredAt: press.at } }));
      await deps.rejudge(alert.id);
      return 'Thank you; the security team sees your answer.';
    }
    if (asked)
      throw new Refusal(
        `${asked.name} was asked already${asked.answer ? ` and answered ${asked.answer}` : ''}.`,
      );
    const { caller, target, startedAt } = summarize(alert);
    const email = caller.name.includes('@')
      ? caller.name
      : (alert.facts.who?.owners.find((owner) => owner.includes('@')) ?? null);
    if (!email) throw new Refusal('No e-mail address of the caller, nor of an owner, is known.');
    const when = `${startedAt.slice(11, 16)} UTC`;
    const text = `Did you run this on ${plainLine(target.name, 80)} at ${when}? (${summarize(alert).technique.title}, as ${plainLine(caller.name, 100)})`;
    const person = await deps.askPerson(email, alert.id, text);
    if (!person) throw new Refusal(`Nobody in chat has the address ${plainLine(email, 100)}.`);
    const now: Asked = { at: press.at, userId: person.id, name: person.name, answer: null, answeredAt: null };
    await measure(press, deps, () => ({ asked: now }));
    return null;
  },
};
