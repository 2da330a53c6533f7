import { type Alert, summarize } from '../domain/alerts/alert';
import type { ScriptFacts } from '../domain/alerts/facts';
import { runFactsOf, type UsedScript } from '../domain/alerts/join-facts';
import { scriptLocation } from '../domain/techniques/script-location';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import { type Inline, joined } from './inline';

const listedScripts = 5;

export function scriptsLine(alert: Alert, scripts: readonly UsedScript[]): Inline[] | null {
  const { executions } = summarize(alert);
  const [only] = scripts;
  if (!only || (scripts.length === 1 && only.executions.length === executions.length))
    return scriptLine(alert, only?.script);
  const unknown = executions.length - scripts.reduce((sum, each) => sum + each.executions.length, 0);
  const rest = scripts.slice(listedScripts);
  return [
    ...scripts
      .slice(0, listedScripts)
      .flatMap(({ script, executions: theirs }, index): Inline[] => [
        index > 0 ? ' · ' : '',
        { code: plainLine(script.text ?? '', 100) },
        counted(theirs.length, ' # time', ' # times'),
      ]),
    rest.length > 0
      ? counted(rest.length, ' · # more script, in the thread', ' · # more scripts, in the thread')
      : '',
    unknown > 0 ? t` · ${unknown} without a known script` : '',
  ];
}

/** The suspicious lines of all scripts, each kind once. */
export function behaviorLine(scripts: readonly UsedScript[]): Inline[] | null {
  const traits = new Map(scripts.flatMap(({ script }) => script.traits.map((trait) => [trait.name, trait])));
  if (traits.size === 0) return null;
  return joined(
    [...traits.values()].map((trait) => [
      t`${translate(trait.name)}, line ${trait.line}: `,
      { code: plainLine(trait.text, 120) },
    ]),
  );
}

export function outputLine(alert: Alert): Inline[] | null {
  const run = runFactsOf(alert, summarize(alert).first);
  if (!run?.output) return null;
  return [
    { code: plainLine(run.output, 200) },
    run.exitCode === null ? '' : t` exit code ${String(run.exitCode)}`,
  ];
}

function scriptLine(alert: Alert, script: ScriptFacts | undefined): Inline[] | null {
  const how = scriptLocation(alert);
  if (script?.text) {
    const lines = script.text.split('\n').length;
    return [
      { code: plainLine(script.text, 300) },
      lines > 1 ? counted(lines, '  # line, in the thread', '  # lines, in the thread') : '',
      script.runAs ? t` · as ${plainLine(script.runAs, 40)}` : '',
      script.parameters.length > 0
        ? ` · ${script.parameters
            .map((p) => plainLine(p, 80))
            .slice(0, 5)
            .join(', ')}`
        : '',
      script.redacted.length > 0 ? t` · ${script.redacted.join(', ')} redacted` : '',
      script.fetched ? t` · from the machine, where it could have been changed` : '',
    ];
  }
  return how ? [t`Azure doesn’t log this script; on the machine: `, { code: how }] : null;
}
