import { type Alert, extensionOf, summarize } from '../domain/alerts/alert';
import { extensionKind } from '../domain/techniques/extension-kind';
import { plainLine } from '../domain/text/plain-text';
import { t, translate } from '../domain/text/translate';
import type { Inline } from './inline';

const shown = 3;

/** What the extensions are by publisher and type. Null for other techniques. */
export function extensionLine(alert: Alert): Inline[] | null {
  const extensions = summarize(alert).executions.filter(
    ({ technique, refused }) => technique === 'vm-extension' && !refused,
  );
  const texts = [...new Set(extensions.map((execution) => textOf(extensionOf(execution, alert.facts))))];
  if (texts.length === 0) return null;
  const more = texts.length - shown;
  return [[...texts.slice(0, shown), ...(more > 0 ? [t`${more} more`] : [])].join(' · ')];
}

function textOf(extension: ReturnType<typeof extensionOf>): string {
  if (!extension) return t`unknown: publisher and type can’t be read, and the caller chose the name`;
  const kind = extensionKind(extension);
  const name = plainLine(`${extension.publisher}.${extension.type}`, 120);
  return kind ? `${translate(kind.name)} (${name})` : t`of an unknown kind (${name})`;
}
