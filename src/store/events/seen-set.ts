/**
 * Lua functions for a sorted set of runs, each once by its key. The score is the run's start, ms; negative
 * if the run was denied, which is final. The order of notes does not matter.
 *
 * `limit(key)` keeps the newest runs and the oldest one, and sets the expiry. It returns what it removed, and
 * the time of the newest run that was removed for lack of room.
 */
export const seenSet = (maxEntries: number) => `
local function note(key, run, at, denied)
  local score = tonumber(redis.call('ZSCORE', key, run) or '0')
  if denied == '1' then
    if score >= 0 then redis.call('ZADD', key, '-' .. at, run) end
  elseif score == 0 or score > tonumber(at) then
    redis.call('ZADD', key, at, run)
  end
end
local function limit(key, now)
  local oldest = now - ${keptMs}
  local gone, cutAt = {}, nil
  local function remove(runs)
    for _, run in ipairs(runs) do
      redis.call('ZREM', key, run)
      gone[#gone + 1] = run
    end
  end
  remove(redis.call('ZRANGEBYSCORE', key, -oldest, oldest))
  local all = redis.call('ZCARD', key)
  if all > ${maxEntries} then
    local denied = redis.call('ZCOUNT', key, '-inf', '(0')
    local over = all - denied - ${maxEntries}
    if over > 0 then
      local cut = redis.call('ZRANGE', key, denied + 1, denied + over)
      cutAt = redis.call('ZSCORE', key, cut[#cut])
      remove(cut)
    end
    if denied > ${maxEntries} then remove(redis.call('ZRANGE', key, ${maxEntries}, denied - 1)) end
  end
  redis.call('PEXPIRE', key, ${keptMs})
  return gone, cutAt
end`;

/** How far back reads look, ms. */
export const readMs = 90 * 86_400_000;
/** A day longer, because an execution may be read a day late. */
export const keptMs = readMs + 86_400_000;

/** Runs of one script that are kept. */
export const maxRuns = 1000;
/** Runs of one pair that are kept. */
export const maxSeen = 50;
