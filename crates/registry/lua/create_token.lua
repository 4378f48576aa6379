-- Stores a new API token with its audit entry, and lets go of old ones.
-- KEYS: 1 tokens, 2 tokens' last use, 3 version of the tokens, 4 audit
-- ARGV: 1 id, 2 JSON, 3 the most tokens there may be, 4 audit retention in ms, 5 audit entry;
--       the rest: ids of old tokens to be let go
-- Returns: 1 if it was stored, 0 if there are too many, -1 if the id is taken.
for i = 6, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[2], ARGV[i])
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
  return -1
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('INCR', KEYS[3])
local time = redis.call('TIME')
local oldest = string.format('%.0f', math.max(0, time[1] * 1000 - tonumber(ARGV[4])))
redis.call('XADD', KEYS[4], 'MINID', '=', oldest, '*', 'entry', ARGV[5])
return 1
