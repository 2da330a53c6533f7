import type { Redis } from 'ioredis';
import type { Alert } from '../domain/alerts/alert';
import type { AlertRow } from '../domain/alerts/alert-row';
import {
  assigneeTerm,
  environmentTerm,
  severityTerm,
  stateTerm,
  subscriptionTerm,
  techniqueTerm,
  textTerm,
  typedWords,
  verdictTerm,
} from '../domain/alerts/search-terms';
import { mostUrgentFirst, type Severity, severities } from '../domain/alerts/severity';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { type Cursor, cursorText, readCursor, type Total } from './search-cursor';
import { monthOf, positionOf, type SearchIndex, timeLength, timeOf } from './search-index';

/** What alerts are searched by. Values of one field are alternatives; fields and words all have to match. */
export interface AlertQuery {
  /** Each word is the beginning of a name, address, id or hash of the alert. */
  text?: string | undefined;
  states?: readonly Alert['state'][] | undefined;
  severities?: readonly Severity[] | undefined;
  techniques?: readonly string[] | undefined;
  /** Name, address or id; null for unassigned alerts. */
  assignee?: string | null | undefined;
  environment?: string | undefined;
  /** Its id. */
  subscription?: string | undefined;
  verdict?: Alert['verdict'] | undefined;
  /** Raised at or after, ms. */
  after?: number | undefined;
  /** Raised before, ms. */
  before?: number | undefined;
  /** Newest first by default; severity: the most severe first, then the newest. */
  sort?: 'severity' | 'newest' | undefined;
}

export interface AlertPage {
  /** May be fewer than the limit although `next` is not null. */
  alerts: AlertRow[];
  /** Where the next page begins; null if this is the last. */
  next: string | null;
  total: Total;
  /** Alerts that changed and are not indexed yet, as in a flood. They are found as they were before. */
  waiting: number;
}

/** Alerts that one call of the script examines at most: about 2 ms of Redis. */
const examinedPerCall = 1000;
/** Calls for one page. Together they examine 100,000 alerts. */
const maxCalls = 100;
const countCalls = 2;
/** Changed alerts that a search indexes first: about 30 ms. */
const indexedFirst = 100;
/** The latest time that a position can have, ms. */
const maxTime = 36 ** 8 - 1;
const maxTypedWords = 8;
/** Alternatives of one field. */
const maxValues = 50;
const maxLimit = 500;
/** A month's entries of words with the same beginning that are read as a whole. */
const maxListed = 3000;
/** Entries of a list that take as long to read as one alert to examine. */
const readPerExamined = 3;
/** Examining so many alerts is faster than reading other lists to leave some out. */
const fewEntries = 300;

/** An alert has one of these terms, or the beginning of a word. */
type Condition = { terms: string[] } | { prefix: string };

interface Found {
  rows: string[];
  count: number;
  /** The last examined alert; null if all were examined. */
  position: string | null;
}

/**
 * Searches months, newest first. In each, it reads the smallest set of alerts that a condition selects, and compares
 * each alert's own terms with all conditions. So the index only has to contain every match. Stops after `limit` matches
 * or `most` alerts. With limit 0, it counts.
 */
const find = script(`
local query = cjson.decode(ARGV[1])
local timeLength = ${timeLength}
-- Lua compares strings by locale, Redis by bytes.
local function isBefore(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local function rowOf(position)
  return {at = tonumber(string.sub(position, 1, timeLength), 36), position = position}
end
local function isNewer(a, b) return a.at > b.at or (a.at == b.at and isBefore(b.position, a.position)) end

local function rangeOf(term) return {from = '[' .. term .. '\\0' .. query.low, before = '(' .. term .. '\\0' .. query.high, skip = #term + 2} end
local function count(month, from, before) return redis.call('ZLEXCOUNT', month, from, before) end
-- What a condition selects: ranges in the order of time, or a list; nil where that is no help.
local function selection(month, condition)
  if condition.terms then
    local ranges, size = {}, 0
    for i, term in ipairs(condition.terms) do
      ranges[i] = rangeOf(term)
      size = size + count(month, ranges[i].from, ranges[i].before)
    end
    return {ranges = ranges, size = size}
  end
  local word = '${textTerm('')}' .. condition.prefix
  local from, before = '[' .. word, '(' .. word .. '\\255'
  local size = count(month, from, before)
  local only = rangeOf(word)
  if size == count(month, '[' .. word .. '\\0', '(' .. word .. '\\1') then
    return {ranges = {only}, size = count(month, only.from, only.before)}
  end
  if size <= ${maxListed} then return {list = {from, before}, size = size} end
  return nil
end

local function readRanges(ranges, size)
  local all, last, isOver = {}, nil, true
  for _, range in ipairs(ranges) do
    local members = redis.call('ZREVRANGEBYLEX', query.month, range.before, range.from, 'LIMIT', 0, size)
    for i, member in ipairs(members) do all[#all + 1] = rowOf(string.sub(member, range.skip)) end
    if #members == size then
      isOver = false
      if not last or isNewer(all[#all], last) then last = all[#all] end
    end
  end
  if #ranges == 1 then return all, isOver end
  -- Where a range has more, the alerts older than its last may be incomplete.
  local rows = {}
  for _, row in ipairs(all) do
    if not last or not isNewer(last, row) then rows[#rows + 1] = row end
  end
  table.sort(rows, isNewer)
  return rows, isOver
end
-- The alerts in all lists, in no order.
local function readLists(lists)
  local common, read = nil, 0
  for _, list in ipairs(lists) do
    local found = {}
    local members = redis.call('ZRANGEBYLEX', query.month, list[1], list[2])
    for _, member in ipairs(members) do
      local position = string.sub(member, string.find(member, '\\0', 1, true) + 1)
      if not common or common[position] then found[position] = true end
    end
    common, read = found, read + #members
  end
  local rows = {}
  for position in pairs(common) do
    if not isBefore(position, query.low) and isBefore(position, query.high) then rows[#rows + 1] = rowOf(position) end
  end
  return rows, read
end

local function keyOf(row) return '${keys.alert('')}' .. string.sub(row.position, timeLength + 1) end
local function matches(terms)
  for _, condition in ipairs(query.conditions) do
    local found = false
    if condition.prefix then
      found = string.find(terms, '\\n${textTerm('')}' .. condition.prefix, 1, true)
    else
      for _, term in ipairs(condition.terms) do
        found = found or string.find(terms, '\\n' .. term .. '\\n', 1, true)
      end
    end
    if not found then return false end
  end
  return true
end

local rows, matched, examined, last = {}, 0, 0, query.high
for i, month in ipairs(KEYS) do
  query.month = month
  local best = selection(month, {terms = query.all})
  local isExact, lists = #query.conditions == 0, {}
  for _, condition in ipairs(query.conditions) do
    local other = selection(month, condition)
    if other and other.list then lists[#lists + 1] = other.list end
    if other and other.size <= best.size then
      best = other
      isExact = #query.conditions == 1 and other.ranges ~= nil
    end
  end
  if query.limit == 0 and isExact then
    matched = matched + best.size
  else
    local isList = best.list ~= nil
    local size, isOver = math.max(20, math.min(query.limit + 1, 200)), best.size == 0
    while not isOver do
      local some, read
      if isList then
        some, read = readLists(best.size > ${fewEntries} and lists or {best.list})
        isOver, examined = true, examined + math.floor(read / ${readPerExamined})
      else
        some, isOver = readRanges(best.ranges, size)
      end
      local found = {}
      for _, row in ipairs(some) do
        local terms = redis.call('HGET', keyOf(row), 'terms')
        row.isMatch = terms and matches(terms)
        if row.isMatch then found[#found + 1] = row end
      end
      if isList then
        -- Sorting few matches is faster than sorting a list, so a month's list is examined as a whole.
        examined = examined + #some
        table.sort(found, isNewer)
        some = found
      end
      for _, row in ipairs(some) do
        if row.isMatch then
          if query.limit > 0 and matched == query.limit then return {rows, matched, last} end
          matched = matched + 1
          if query.limit > 0 then rows[matched] = redis.call('HGET', keyOf(row), 'row') end
        end
        last = row.position
        if not isList then examined = examined + 1 end
        if not isList and examined >= query.most then return {rows, matched, last} end
      end
      if not isOver then
        for _, range in ipairs(best.ranges) do range.before = '(' .. string.sub(range.from, 2, range.skip) .. last end
      end
      size = math.min(200, size * 2)
    end
    if examined >= query.most then return {rows, matched, ARGV[i + 1]} end
  end
end
return {rows, matched, ''}`);

export function createAlertSearch(redis: Redis, index: SearchIndex) {
  /** All matches before a position, until there are `limit` or the calls are used up. */
  async function walk(query: AlertQuery, limit: number, start: string | null, calls: number): Promise<Found> {
    const conditions = conditionsOf(query);
    const low = finite(query.after) ?? 0;
    const end = finite(query.before);
    const all = await index.months(low, end);
    const found: Found = { rows: [], count: 0, position: start };
    for (let i = 0; i < calls; i++) {
      const high = found.position ?? (end === undefined ? '~' : positionOf(end));
      const until = found.position ? monthBefore(found.position) : '~';
      const some = all.filter((month) => month <= until).reverse();
      const [rows, count, last] = (await find(redis, some.map(keys.searchMonth), [
        JSON.stringify({
          conditions,
          all: severities.map(severityTerm),
          low: positionOf(low),
          high,
          limit: limit === 0 ? 0 : limit - found.count,
          most: examinedPerCall,
        }),
        ...some.map((month) => positionOf(Date.parse(`${month}-01T00:00:00.000Z`))),
      ])) as [string[], number, string];
      found.rows.push(...rows);
      found.count += count;
      found.position = last || null;
      if (!last || (limit > 0 && found.count >= limit)) break;
    }
    return found;
  }

  async function totalOf(query: AlertQuery): Promise<Total> {
    const { count, position } = await walk(query, 0, null, countCalls);
    return position === null ? count : `at least ${count}`;
  }

  /**
   * Searches all kept alerts that are judged.
   * @param page.cursor `next` of the page before; an invalid one is the first page
   */
  async function search(
    query: AlertQuery,
    { limit = 50, cursor = null }: { limit?: number; cursor?: string | null } = {},
  ): Promise<AlertPage> {
    const most = Math.min(Math.max(Math.trunc(limit), 1), maxLimit);
    const wanted = query.severities?.length ? query.severities : severities;
    const parts: AlertQuery[] =
      query.sort === 'severity'
        ? mostUrgentFirst
            .filter((one) => wanted.includes(one))
            .map((one) => ({ ...query, severities: [one] }))
        : [query];
    const from = readCursor(cursor, parts.length);
    await index.indexChanged(indexedFirst, 'newest');
    const total = from?.total ?? (await totalOf(query));
    const rows: string[] = [];
    let next: Cursor | null = null;
    for (let part = from?.part ?? 0; part < parts.length; part++) {
      const start = part === from?.part ? from.position : null;
      const found = await walk(parts[part] as AlertQuery, most - rows.length, start, maxCalls);
      rows.push(...found.rows);
      if (found.position) next = { part, position: found.position, total };
      else next = part + 1 < parts.length ? { part: part + 1, position: null, total } : null;
      if (found.position || rows.length >= most) break;
    }
    return {
      alerts: rows.map((row) => JSON.parse(row) as AlertRow),
      next: next && cursorText(next),
      total,
      waiting: await index.countChanged(),
    };
  }

  /**
   * How many alerts match, as `search` would say. With one condition and a range of time it is exact, and no alert is
   * examined. Alerts that wait to be indexed are counted as they were before.
   */
  const count = async (query: AlertQuery): Promise<number> => (await walk(query, 0, null, countCalls)).count;

  return { search, count };
}

/** The month of the alerts before a position. The beginning of a month has no id. */
const monthBefore = (position: string) =>
  monthOf(timeOf(position) - (position.length === timeLength ? 1 : 0));

const finite = (at: number | undefined): number | undefined =>
  at !== undefined && Number.isFinite(at) ? Math.min(Math.max(Math.trunc(at), 0), maxTime) : undefined;

function conditionsOf(query: AlertQuery): Condition[] {
  const { states, severities, techniques, assignee, environment, subscription, verdict } = query;
  const anyOf = (terms: string[] | undefined): Condition[] =>
    terms && terms.length > 0 ? [{ terms: [...new Set(terms)].slice(0, maxValues) }] : [];
  return [
    ...anyOf(states?.map(stateTerm)),
    ...anyOf(severities?.map(severityTerm)),
    ...anyOf(techniques?.map(techniqueTerm)),
    ...anyOf(assignee === undefined ? [] : [assigneeTerm(assignee)]),
    ...anyOf(environment ? [environmentTerm(environment)] : []),
    ...anyOf(subscription ? [subscriptionTerm(subscription)] : []),
    ...anyOf(verdict ? [verdictTerm(verdict)] : []),
    ...typedWords(query.text ?? '')
      .slice(0, maxTypedWords)
      .map((prefix) => ({ prefix })),
  ];
}
