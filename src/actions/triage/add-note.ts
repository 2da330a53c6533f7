import { z } from 'zod';
import { Refusal } from '../../domain/alerts/transitions';
import { plainBlock } from '../../domain/text/plain-text';
import { redact } from '../../domain/text/redact';
import { phrase, t } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { longText, shortText } from '../input';
import { record } from '../record';
import { defineAction } from '../registry';

const maxNotes = 50;

/** Adds a note to the alert, with a link to where it was said. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'add_note',
  group: 'triage',
  name: phrase('Add to alert'),
  label: phrase('Add note…'),
  order: 400,
  right: 'triage',
  sameRightAs: 'acknowledge',
  confirm: {
    title: phrase('Add a note'),
    text: phrase('Visible on the alert and in the audit log.'),
    yes: phrase('Add'),
  },
  fields: () => [{ id: 'text', label: t`Note`, value: '', kind: 'long', optional: false }],
  input: z.strictObject({ text: longText.min(1), link: shortText.optional() }),
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async (_, press, deps) => {
    const { text } = await redact(plainBlock(press.input?.text, 2000));
    if (!text) throw new Refusal(t`The note is empty.`);
    const link = String(press.input?.link ?? '');
    const note = { at: press.at, by: press.by, text, ...(/^https:\/\//.test(link) ? { link } : {}) };
    await record(press, deps, ({ triage }) => ({ notes: [...(triage.notes ?? []), note].slice(-maxNotes) }));
    return t`Added to ${press.alertId}.`;
  },
});
