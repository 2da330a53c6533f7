import type { Condition } from '../domain/alerts/alert-query';
import { textTerm } from '../domain/alerts/search-terms';
import { keys } from './keys';
import { script } from './redis/lua-script';
import { timeLength } from './search-index';

/** A month's entries of words with the same beginning that are read as a whole. */
const maxListed = 3000;
/** Entries of a list that take as long to read as one alert to examine. */
const readPerExamined = 3;
/** Examining so many alerts is faster than reading other lists to leave some out. */
const fewEntries = 300;

/** What {@link find} searches, as JSON. */
export interface Search {
  conditions: readonly Condition[];
  /** Terms of which every alert has one. */
  all: readonly string[];
  /** Positions between which alerts are found, both excluded. */
  low: string;
  high: string;
  /** Oldest first. */
  ascending: boolean;
  /** With 0, it counts. */
  limit: number;
  /** Alerts to examine at most. */
  most: number;
  /** What is read of each match: its row; its position, severity and group; or how many have the same facets. */
  read: 'row' | 'group' | 'facets';
}

/**
 * Searches months in the given order. In each, it reads the smallest set of alerts that a condition selects, and compares
 * each alert's own terms with all conditions. So the index only has to contain every match. Stops after `limit` matches
 * or `most` alerts. Answers what it read, the number of matches, and the last position that it examined, or ''.
 */
export const find = script(`
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

local function comesFirst(a, b)
  if query.ascending then return isNewer(b, a) end
  return isNewer(a, b)
end

local function rangeOf(term) return {from = '(' .. term .. '\\0' .. query.low, before = '(' .. term .. '\\0' .. query.high, skip = #term + 2} end
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
    local command, first, second = 'ZREVRANGEBYLEX', range.before, range.from
    if query.ascending then command, first, second = 'ZRANGEBYLEX', range.from, range.before end
    local members = redis.call(command, query.month, first, second, 'LIMIT', 0, size)
    for i, member in ipairs(members) do all[#all + 1] = rowOf(string.sub(member, range.skip)) end
    if #members == size then
      isOver = false
      if not last or comesFirst(all[#all], last) then last = all[#all] end
    end
  end
  if #ranges == 1 then return all, isOver end
  -- Where a range has more, the alerts after its last may be incomplete.
  local rows = {}
  for _, row in ipairs(all) do
    if not last or not comesFirst(last, row) then rows[#rows + 1] = row end
  end
  table.sort(rows, comesFirst)
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
    if isBefore(query.low, position) and isBefore(position, query.high) then rows[#rows + 1] = rowOf(position) end
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

local rows, matched, examined, last = {}, 0, 0, query.ascending and query.low or query.high
local tally = {}
local function answer(position)
  for facets, count in pairs(tally) do
    rows[#rows + 1] = facets
    rows[#rows + 1] = tostring(count)
  end
  return {rows, matched, position}
end
local function collect(row)
  if query.read == 'facets' then
    local facets = redis.call('HGET', keyOf(row), 'facets')
    if facets then tally[facets] = (tally[facets] or 0) + 1 end
  elseif query.limit > 0 then
    local value = redis.call('HGET', keyOf(row), query.read) or ''
    rows[#rows + 1] = query.read == 'group' and row.position .. ' ' .. value or value
  end
end
for i, month in ipairs(KEYS) do
  query.month = month
  local best, isExact, lists = nil, #query.conditions == 0, {}
  for _, condition in ipairs(query.conditions) do
    local other = selection(month, condition)
    if other and other.list then lists[#lists + 1] = other.list end
    if other and (not best or other.size <= best.size) then
      best = other
      isExact = #query.conditions == 1 and other.ranges ~= nil
    end
  end
  best = best or selection(month, {terms = query.all})
  if query.limit == 0 and isExact and query.read ~= 'facets' then
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
        table.sort(found, comesFirst)
        some = found
      end
      for _, row in ipairs(some) do
        if row.isMatch then
          if query.limit > 0 and matched == query.limit then return answer(last) end
          matched = matched + 1
          collect(row)
        end
        last = row.position
        if not isList then examined = examined + 1 end
        if not isList and examined >= query.most then return answer(last) end
      end
      if not isOver then
        for _, range in ipairs(best.ranges) do
          range[query.ascending and 'from' or 'before'] = '(' .. string.sub(range.from, 2, range.skip) .. last
        end
      end
      size = math.min(200, size * 2)
    end
    if examined >= query.most then return answer(ARGV[i + 1]) end
  end
end
return answer('')`);
