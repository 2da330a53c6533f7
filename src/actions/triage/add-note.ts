import { z } from 'zod';
import { Refusal } from '../../domain/alerts/transitions';
import { plainBlock } from '../../domain/text/plain-text';
import { redact } from '../../domain/text/redact';
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
  name: 'Add to alert',
  label: 'Add note…',
  order: 400,
  right: 'triage',
  sameRightAs: 'acknowledge',
  confirm: { title: 'Add a note', text: 'Visible on the alert and in the audit log.', yes: 'Add' },
  fields: () => [{ id: 'text', label: 'Note', value: '', kind: 'long', optional: false }],
  input: z.strictObject({ text: longText.min(1), link: shortText.optional() }),
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async (_, press, deps) => {
    const { text } = await redact(plainBlock(press.input?.text, 2000));
    if (!text) throw new Refusal('The note is empty.');
    const link = String(press.input?.link ?? '');
    const note = { at: press.at, by: press.by, text, ...(/^https:\/\//.test(link) ? { link } : {}) };
    await record(press, deps, ({ triage }) => ({ notes: [...(triage.notes ?? []), note].slice(-maxNotes) }));
    return `Added to ${press.alertId}.`;
  },
});
