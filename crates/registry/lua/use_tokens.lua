-- Notes that API tokens were used, by Redis' own time.
-- KEYS: 1 tokens' last use
-- ARGV: the ids
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for i = 1, #ARGV do
  redis.call('HSET', KEYS[1], ARGV[i], now)
end
return #ARGV
