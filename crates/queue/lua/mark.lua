-- Remembers the newest event of a thing at Docebo: whatever the order in which events arrive, the same one stands there
-- in the end.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: the thing; 3: when the event fired, in ms; 4: whether Docebo said so (1), or that is only
--       when it was received (0); 5: the event's name; 6: what tells it from others; 7: its place; 8: retention in ms
-- Returns: 'new', 'older', 'tie' (another event of the same second stands there, too) or 'same'; and the place of the event
-- that stands there, or stood there before it if it is the same
local now = now_ms(ARGV[1])
local key = K.docebo_mark .. ARGV[2]
local fired, exact = tonumber(ARGV[3]), tonumber(ARGV[4])
local old = redis.call('HMGET', key, 'fired', 'exact', 'name', 'print', 'event', 'tied', 'tied_names')
-- Names of events of one second that are kept: the first by the alphabet, so that their order does not matter.
local MAX_TIED_NAMES = 8

local function set(tied)
  redis.call('HSET', key, 'fired', ARGV[3], 'exact', ARGV[4], 'name', ARGV[5], 'print', ARGV[6], 'event', ARGV[7], 'tied', tied)
  if tied == '0' then redis.call('HDEL', key, 'tied_names') end
  redis.call('PEXPIREAT', key, now + tonumber(ARGV[8]))
end

if not old[1] then
  set('0')
  return { 'new', ARGV[7] }
end
-- The names of all that happened in that second, each once.
local function tied_names()
  local seen, names = {}, {}
  for name in string.gmatch((old[7] or '') .. '\n' .. old[3] .. '\n' .. ARGV[5], '[^\n]+') do
    if not seen[name] then
      seen[name] = true
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return table.concat(names, '\n', 1, math.min(#names, MAX_TIED_NAMES))
end

local second, second_before, exact_before = math.floor(fired / 1000), math.floor(tonumber(old[1]) / 1000), tonumber(old[2])
if second == second_before and exact == exact_before then
  if old[4] == ARGV[6] then return { old[6] == '1' and 'tie' or 'same', old[5] } end
  -- Which of the two stands there must not depend on which came first.
  if ARGV[5] .. ARGV[6] > old[3] .. old[4] then set('1') else redis.call('HSET', key, 'tied', '1') end
  redis.call('HSET', key, 'tied_names', tied_names())
  return { 'tie', redis.call('HGET', key, 'event') }
end
-- Docebo's own word goes before a guess of the same second.
if second < second_before or (second == second_before and exact < exact_before) then return { 'older', old[5] } end
set('0')
return { 'new', ARGV[7] }
