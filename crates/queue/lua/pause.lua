-- Pauses a connector, a lane or a worker by a person's decision; what runs goes on to its end.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: target (`connector:…`, `lane:…`, `worker:…`); 3: mode (pause | drain); 4: for how long in
--       ms, 0 until resumed; 5: who and why (JSON)
-- Returns: 1 if it was not paused before
local now = now_ms(ARGV[1])
local target, duration_ms = ARGV[2], tonumber(ARGV[4])
local until_ms = duration_ms > 0 and now + duration_ms or 0
local fresh = redis.call('HSET', K.pauses, target, table.concat({ ARGV[3], now, until_ms }, '|') .. '\n' .. ARGV[5])
if until_ms > 0 then
  redis.call('ZADD', K.pause_ends, until_ms, target)
else
  redis.call('ZREM', K.pause_ends, target)
end
return fresh
