-- Writes connectors and exams together with their audit entries, if nobody wrote since the caller looked.
-- KEYS: 1 version, 2 connectors, 3 exams, 4 audit; the rest: what goes with removed connectors
-- ARGV: 1 the version the caller saw ('' where it does not matter), 2 audit retention in ms, 3 number of writes n,
--       then n times: 2 or 3 (the key), id, JSON ('' removes the id); the rest: one JSON each per audit entry
-- Returns: the version afterwards, or -1 if it was not the expected one and nothing was written.
local version = redis.call('GET', KEYS[1]) or '0'
if ARGV[1] ~= '' and ARGV[1] ~= version then
  return -1
end

local writes = tonumber(ARGV[3])
for i = 0, writes - 1 do
  local key, id, json = KEYS[tonumber(ARGV[4 + 3 * i])], ARGV[5 + 3 * i], ARGV[6 + 3 * i]
  if json == '' then
    redis.call('HDEL', key, id)
  else
    redis.call('HSET', key, id, json)
  end
end

for i = 5, #KEYS do
  redis.call('DEL', KEYS[i])
end

local time = redis.call('TIME')
local oldest = string.format('%.0f', math.max(0, time[1] * 1000 - tonumber(ARGV[2])))
for i = 4 + 3 * writes, #ARGV do
  redis.call('XADD', KEYS[4], 'MINID', '=', oldest, '*', 'entry', ARGV[i])
end

if writes > 0 then
  return redis.call('INCR', KEYS[1])
end
return tonumber(version)
