import { plainBlock } from '../alerts/plain-text';
import { redact } from '../alerts/redact';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

const kept = 50;

/** Adds what somebody said elsewhere to the alert, with where they said it. */
export const addNote: Response = {
  action: 'add_note',
  title: 'Add to alert',
  needs: 'triage',
  permissions: [],
  run: async (_, press, deps) => {
    const text = redact(plainBlock(press.input?.text, 2000)).text;
    if (!text) throw new Refusal('There is nothing to add.');
    const link = String(press.input?.link ?? '');
    const note = { at: press.at, by: press.by, text, ...(/^https:\/\//.test(link) ? { link } : {}) };
    await measure(press, deps, (alert) => ({ notes: [...(alert.measures.notes ?? []), note].slice(-kept) }));
    return `Added to ${press.alertId}.`;
  },
};
