-- Reads results that are not at their end, oldest first, from behind a place in their order. Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: accepted before this time in ms; 3: time of the place; 4: result id of the place, '' for the
--       beginning; 5: most results
-- Returns per result: its id and its time in ms
local before_ms, place_id, most = tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[5])

-- Whether a text sorts behind another as Redis sorts them: by bytes.
local function is_behind(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = string.byte(one, at), string.byte(other, at)
    if a ~= b then return a > b end
  end
  return #one > #other
end

-- The rank of the first result behind the place, which itself may be gone.
local function first_rank()
  if place_id == '' then return 0 end
  local low = redis.call('ZCOUNT', K.results_open, '-inf', '(' .. ARGV[3])
  local high = redis.call('ZCOUNT', K.results_open, '-inf', ARGV[3])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', K.results_open, middle, middle)[1], place_id) then high = middle else low = middle + 1 end
  end
  return low
end

local found = {}
if most == 0 then return found end
local first = first_rank()
local page = redis.call('ZRANGE', K.results_open, first, first + most - 1, 'WITHSCORES')
for at = 1, #page, 2 do
  local ms = tonumber(page[at + 1])
  if ms >= before_ms then break end
  found[#found + 1] = { page[at], ms }
end
return found
