-- Reads results that are not at their end, oldest first, from behind a place in their order. Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: accepted before this time in ms; 3: time of the place; 4: result id of the place, '' for the
--       beginning; 5: most results
-- Returns per result: its id and its time in ms
local before_ms, most = tonumber(ARGV[2]), tonumber(ARGV[5])

local found = {}
if most == 0 then return found end
local first = rank_behind(K.results_open, ARGV[3], ARGV[4])
local page = redis.call('ZRANGE', K.results_open, first, first + most - 1, 'WITHSCORES')
for at = 1, #page, 2 do
  local ms = tonumber(page[at + 1])
  if ms >= before_ms then break end
  found[#found + 1] = { page[at], ms }
end
return found
