import { randomUUID } from 'node:crypto';
import type { PressJob } from '../../actions/action';
import { exceptionWords } from '../../actions/triage/add-exception';
import type { Config } from '../../config/config';
import type { AuditDraft } from '../../domain/audit/audit-chain';
import { privilegedAlertOf } from '../../domain/exceptions/breadth';
import type { Exception } from '../../domain/exceptions/exception';
import { assessException, defaultMaxExceptionDays } from '../../domain/exceptions/exception-policy';
import { techniquesWithoutScript } from '../../domain/exceptions/unknown-scripts';
import { exceptionApprovalTimeoutMs, isPending } from '../../domain/measures/approval';
import { canonicalJson } from '../../domain/text/canonical-json';
import { shortDigest } from '../../domain/text/short-digest';
import { approvalIdOf, askForApproval } from '../../presses/approvals';
import type { Keyring } from '../../runtime/keyring';
import type { Store } from '../../store/store';
import { operator } from '../support/operator';
import { CommandError, type Output } from '../support/output';

export const audited = (
  action: string,
  object: string,
  why: string | null,
  details: Record<string, unknown> = {},
): AuditDraft => ({
  at: new Date().toISOString(),
  by: operator(),
  action,
  alertId: null,
  object,
  result: 'done',
  why,
  details,
});

/** Warns of exceptions that can never apply, because Azure holds none of the scripts that they name. */
export function warnOfUnknownScripts(exceptions: readonly Exception[], output: Output): void {
  for (const { id, match } of exceptions) {
    const techniques = techniquesWithoutScript(match);
    if (techniques)
      output.err(
        `${id}: will not match, because Azure doesn't log the script of ${techniques.map((one) => one.id).join(', ')}; use caller, target, hours or tag instead of script`,
      );
  }
}

export const missingSecret = new CommandError(
  'RUNWATCH_SECRET: unset, expected the same value as the bot',
  2,
);

/** Requests approval in chat, once per exception while the request is pending. */
export async function requestApproval(
  exception: Exception,
  why: string,
  { store, keyring }: { store: Store; keyring: Keyring },
): Promise<void> {
  const { createdAt: _, ...asked } = exception;
  const same = `cli-${shortDigest(canonicalJson(asked))}`;
  const known = await store.measures.getApproval(approvalIdOf(same));
  const press: PressJob = {
    pressId: !known || isPending(known, Date.now()) ? same : `${same}-${Date.now()}`,
    alertId: '',
    action: 'put_exception',
    by: operator(),
    at: new Date().toISOString(),
    input: { ...exception },
  };
  const wanted = { what: exceptionWords(exception), why, timeoutMs: exceptionApprovalTimeoutMs };
  await askForApproval(press, wanted, {
    store,
    keyring,
    now: Date.now,
    show: async () => {},
    postNotice: async (notice) => void (await store.deliveries.addNotice(notice, store.surfaces)),
  });
}

/**
 * Stores exceptions that one person may add, and requests approval in chat for broader ones. The command line
 * can request approval but not approve.
 * @returns the exceptions that are active now
 * @throws {CommandError} that lists every refused exception; nothing is stored in that case
 */
export async function save(
  wanted: readonly Exception[],
  action: string,
  { store, keyring, config }: { store: Store; keyring: Keyring | null; config: Config },
  output: Output,
): Promise<Exception[]> {
  if (!keyring) throw missingSecret;
  const now = Date.now();
  const maxDays = config.policy.exceptions?.maxDays ?? defaultMaxExceptionDays;
  const assessed = await Promise.all(
    wanted.map(async (exception) => {
      const alerts = await privilegedAlertOf(exception.match, store.alerts.since(0));
      return { exception, ...assessException(exception, { now, maxDays, alerts, by: operator() }) };
    }),
  );
  const approvers = config.responders.length > 0 && store.surfaces.length > 0;
  const faults = assessed.flatMap(({ exception, refused, needsApproval }) => {
    if (refused) return [`${exception.id}: ${refused}`];
    if (needsApproval && !approvers)
      return [
        `${exception.id}: ${needsApproval}, so a second person must approve it; narrow it, or configure Slack or Teams and RUNWATCH_RESPONDERS`,
      ];
    return [];
  });
  if (faults.length > 0) throw new CommandError(`exception refused: ${faults.join('; ')}`, 2);
  const saved: Exception[] = [];
  for (const { exception, needsApproval: why } of assessed) {
    if (why) {
      await requestApproval(exception, why, { store, keyring });
      output.err(`${exception.id} is not active: ${why}. Two responders must approve it in chat.`);
      continue;
    }
    await store.exceptions.put(
      exception,
      [audited(action, exception.id, exception.reason, { exception })],
      randomUUID(),
    );
    saved.push(exception);
  }
  return saved;
}
