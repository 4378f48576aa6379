-- Keeps with an event what its job came to.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: the event's place; 3: retention of events in ms; 4: the job; 5: the outcome; 6: the result it
--       is about, or ''; 7: more about it, or ''
-- Returns: 1, or 0 if another job looks after the event by now
local now = now_ms(ARGV[1])
local key = K.reaction .. ARGV[2]
local job = redis.call('HGET', key, 'job')
if job and job ~= ARGV[4] then return 0 end
redis.call('HSET', key, 'job', ARGV[4], 'outcome', ARGV[5], 'result', ARGV[6], 'detail', ARGV[7], 'at', now)
redis.call('PEXPIREAT', key, now + tonumber(ARGV[3]))
return 1
