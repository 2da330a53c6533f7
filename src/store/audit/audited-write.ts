import type { Redis } from 'ioredis';
import { type AuditDraft, type AuditSigner, chain, genesis } from '../../domain/audit/audit-chain';
import { span } from '../../runtime/tracing';
import { keys } from '../keys';
import { collect, script } from '../redis/lua-script';

export interface AuditedWrite {
  /** Audit entries to append in the same step. */
  drafts: readonly AuditDraft[];
  /** K(1), K(2), … in the script. */
  keys: readonly string[];
  /** A(1), A(2), … in the script. */
  args: readonly (string | number)[];
}

/**
 * A Lua script that stores data and appends to the audit log atomically. If its body returns a value, the
 * script stops and returns it; otherwise it returns 'done'. If another process appended first, entries are
 * rechained and retried.
 */
export function auditedScript(body: string) {
  const run = script(`
local entries = tonumber(ARGV[1])
local function K(i) return KEYS[i + 3] end
local function A(i) return ARGV[5 + entries + i] end
local head = redis.call('GET', KEYS[2]) or '${genesis}'
if head ~= ARGV[2] then return {'head', head, redis.call('GET', KEYS[3]) or '0'} end
local function store() ${body} end
local answer = store()
if answer ~= nil then return {'answer', answer} end
for i = 1, entries do redis.call('XADD', KEYS[1], '*', 'entry', ARGV[5 + i]) end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('SET', KEYS[3], ARGV[4])
return {'done'}`);
  const write = async (
    redis: Redis,
    signer: AuditSigner | null,
    { drafts, keys: touched, args }: AuditedWrite,
  ): Promise<string> => {
    if (!signer)
      throw new Error('RUNWATCH_SECRET is not available, so nothing can be written to the audit log');
    const known = await redis.mget(keys.auditHead, keys.auditSequence);
    let head = known[0] ?? genesis;
    let sequence = Number(known[1] ?? 0);
    for (;;) {
      const entries = chain({ head, sequence }, drafts, signer);
      const answer = (await run(
        redis,
        [keys.audit, keys.auditHead, keys.auditSequence, ...touched],
        [
          entries.length,
          head,
          entries.at(-1)?.hash ?? head,
          sequence + entries.length,
          '',
          ...entries.map((entry) => JSON.stringify(entry)),
          ...args,
        ],
      )) as [string, string?, string?];
      if (answer[0] !== 'head') return answer[0] === 'done' ? 'done' : String(answer[1]);
      head = answer[1] ?? genesis;
      sequence = Number(answer[2] ?? 0);
    }
  };
  const writeWithout = writesWithoutEntries(body);
  return (redis: Redis, signer: AuditSigner | null, entry: AuditedWrite): Promise<string> =>
    entry.drafts.length > 0
      ? span('audit', { 'runwatch.audit.entries': entry.drafts.length }, () => write(redis, signer, entry))
      : writeWithout(redis, entry);
}

/** Writes per script, so that a flood does not block Redis for long. */
const maxWrites = 25;

/** Writes without audit entries. Those of one turn of the event loop share a call, and each fails alone. */
function writesWithoutEntries(body: string) {
  const run = script(`
local answers, key, arg = {}, 0, 1
while arg <= #ARGV do
  local keysBefore, argsBefore = key, arg + 1
  local function K(i) return KEYS[keysBefore + i] end
  local function A(i) return ARGV[argsBefore + i] end
  local function store() ${body} end
  local worked, answer = pcall(store)
  if worked then answers[#answers + 1] = answer or 'done'
  else answers[#answers + 1] = { type(answer) == 'table' and answer.err or tostring(answer) } end
  key, arg = key + tonumber(ARGV[arg]), argsBefore + tonumber(ARGV[argsBefore]) + 1
end
return answers`);
  type Write = Pick<AuditedWrite, 'keys' | 'args'>;
  const writers = new WeakMap<Redis, (write: Write) => Promise<string>>();
  return (redis: Redis, write: Write): Promise<string> => {
    const known = writers.get(redis);
    if (known) return known(write);
    const writer = collect(maxWrites, async (writes: readonly Write[]) => {
      const args = writes.flatMap((one) => [one.keys.length, one.args.length, ...one.args]);
      const answers = await run(
        redis,
        writes.flatMap((one) => one.keys),
        args,
      );
      return (answers as (string | [string])[]).map((answer) =>
        typeof answer === 'string' ? answer : new Error(answer[0]),
      );
    });
    writers.set(redis, writer);
    return writer(write);
  };
}
