import type { Presser } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, translate } from '../../domain/text/translate';
import { surfaceDefinitions } from '../define-surface';

const ours: Readonly<Record<string, string>> = {
  console: phrase('Console'),
  api: phrase('API'),
  cli: phrase('Command line'),
  runwatch: phrase('By itself'),
};

/** Where somebody acted: "Slack", "Console". */
export const sourceName = (surface: string): string =>
  translate(
    ours[surface] ??
      surfaceDefinitions().find(({ name }) => name === surface)?.title ??
      plainLine(surface, 40),
  );

/** Where this person or application acted. */
export const sourceOf = ({ surface, client }: Presser): string =>
  sourceName(client === undefined ? surface : 'api');

export const personName = ({ name }: Presser): string => plainLine(translate(name), 80);
