-- Revokes an API token with its audit entry: one that is stored, one that a configuration knows, or one that is both.
-- KEYS: 1 tokens, 2 revocations of configured tokens, 3 version of the tokens, 4 audit
-- ARGV: 1 id, 2 the stored JSON that the caller saw ('' where there is none), 3 the JSON that takes its place,
--       4 the revocation for a configured token ('' where it is none), 5 the most of these that there may be,
--       6 audit retention in ms, 7 audit entry
-- Returns: 1 if it is revoked now, 0 if there are too many revocations, -1 if what is stored is not what was seen.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return -1
end
if ARGV[4] ~= '' then
  if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
    return -1
  end
  if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[5]) then
    return 0
  end
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
redis.call('INCR', KEYS[3])
local time = redis.call('TIME')
local oldest = string.format('%.0f', math.max(0, time[1] * 1000 - tonumber(ARGV[6])))
redis.call('XADD', KEYS[4], 'MINID', '=', oldest, '*', 'entry', ARGV[7])
return 1
