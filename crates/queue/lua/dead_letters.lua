-- Reads dead letters in the order of their death, from behind a place in it: what lists need, no payload, no history.
-- Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: dead since this time in ms or longer; 3: time of the place; 4: id of the place, '' for the
--       beginning; 5: most jobs
-- Returns per job: its id, the time of its death in ms, its header line, its meta; the last two '' if there is none
local dead_by_ms, most = tonumber(ARGV[2]), tonumber(ARGV[5])

local found, ids = {}, {}
local first = rank_behind(K.dead, ARGV[3], ARGV[4])
local page = redis.call('ZRANGE', K.dead, first, first + most - 1, 'WITHSCORES')
for at = 1, #page, 2 do
  local ms = tonumber(page[at + 1])
  if ms > dead_by_ms then break end
  ids[#ids + 1] = page[at]
  found[#found + 1] = { page[at], string.format('%d', ms), '', '' }
end
for at, data in ipairs(read_all(K.data, ids)) do
  if data then found[at][3] = header_of(data) end
end
for at, meta in ipairs(read_all(K.meta, ids)) do
  if meta then found[at][4] = meta end
end
return found
