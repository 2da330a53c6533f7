import { z } from 'zod';
import type { Presser } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import { translate } from '../../domain/text/translate';

export const time = z.iso.datetime({ offset: true });

/** A time in a query, within what can be compared with stored times. */
export const pastTime = time.refine((at) => {
  const ms = Date.parse(at);
  return ms >= 0 && ms < Date.UTC(9999, 0);
}, 'expected a time from 1970 to 9998');

export const actorSchema = z
  .object({
    surface: z
      .string()
      .describe(
        'Where they acted: `slack`, `teams`, `console`, `api` (an application), `cli`, or `runwatch`',
      ),
    id: z.string(),
    name: z.string(),
    email: z.string().nullable().describe('Only if the surface verified it'),
    application: z
      .string()
      .nullable()
      .describe('Client id of the application whose access token a person used; null otherwise'),
  })
  .meta({
    id: 'Actor',
    description: 'A person, an application or Runwatch itself.',
    examples: [
      { surface: 'slack', id: 'U0SAM0000', name: 'Sam Ito', email: 'sam@contoso.example', application: null },
    ],
  });

export const actorOf = ({ surface, id, name, email, client }: Presser) => ({
  surface,
  id,
  name: plainLine(translate(name), 200),
  email: email ?? null,
  application: client ?? null,
});

/** Values of one parameter that are alternatives, as `?severity=high&severity=critical`. */
export const some = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (given) => (given === undefined ? undefined : [given].flat()),
    z.array(item).min(1).max(20).optional(),
  );
