import { evidenceHtml } from '../../src/chat/console/alert/evidence';
import type { Html } from '../../src/chat/console/html';
import { messageOf } from '../../src/chat/message';
import { newAlert } from '../../src/domain/alerts/alert';
import type { Facts, ScriptFacts } from '../../src/domain/alerts/facts';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event, vm } from '../support/event';

const execution = executionFrom(event({ status: 'succeeded' })) as Execution;
const at = '2026-11-20T10:00:00.000Z';
const sha256 = 'a'.repeat(64);
const script: ScriptFacts = {
  text: 'id\nuseradd support2',
  sha256: null,
  parameters: [],
  runAs: null,
  redacted: ['password'],
  traits: [{ name: 'adds a user or a key', line: 2, text: 'useradd support2' }],
  fetched: { fileAt: at, sha256, truncated: true },
};
const alertWith = (facts: Facts) => ({ ...newAlert('RW-1', [execution], at), announced: true, facts });
const shownIn = (facts: Facts) => {
  const alert = alertWith(facts);
  const parts = messageOf(untouched(alert), { responders: true, now: Date.parse(at) }).thread();
  return { thread: JSON.stringify(parts), console: (evidenceHtml(alert) as Html).text };
};

test('an assigned script is shown like others, with its digest, flagged line and what it does not prove', () => {
  const run = {
    script: 's',
    output: 'uid=0',
    exitCode: null,
    redacted: [],
    final: true,
    fetched: true as const,
  };
  const shown = shownIn({ runs: { [execution.key]: run }, scripts: { s: script } });
  for (const text of Object.values(shown)) {
    expect(text).toContain(sha256);
    expect(text).toContain('An attacker there could have changed it.');
    expect(text).toContain('Only its beginning was read.');
    expect(text).toContain('useradd support2');
  }
  expect(shown.console).toMatch(/<mark title="Line 2: adds a user or a key"/);
});

test('scripts that can’t be assigned are shown with their times, and one that can’t be read with the reason', () => {
  const entry = { run: 4, version: null, at, execution: null, output: 'done' };
  const shown = shownIn({
    scripts: { s: script },
    fetched: {
      [vm]: {
        token: 't',
        by: null,
        more: 0,
        scripts: [
          { ...entry, script: 's' },
          { ...entry, run: 5, script: null, output: null, why: 'the chunk is incomplete' },
        ],
      },
    },
  });
  for (const text of Object.values(shown)) {
    expect(text).toContain('Script 4 on the machine, may belong to this alert');
    expect(text).toContain('the chunk is incomplete');
    expect(text).toContain(at);
  }
  expect(shown.console).toContain('done');
});
