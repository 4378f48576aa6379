-- Says that a worker incarnation lives, and what it is.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: what it says of itself (JSON); 4: silence in ms that counts as death
-- Returns: 1 if the beat came in time, 0 if it was the first or came late (all may have been cut off: nobody is reclaimed for a while)
local now = now_ms(ARGV[1])
local worker, silence_ms = ARGV[2], tonumber(ARGV[4])
local last = redis.call('ZSCORE', K.workers, worker)
redis.call('ZADD', K.workers, now, worker)
redis.call('HSET', K.worker_info, worker, ARGV[3])
if last and now - tonumber(last) < silence_ms then return 1 end
-- Whoever else was heard in time shows that Redis was there: then only this worker was silent.
local heard = redis.call('ZCOUNT', K.workers, '(' .. (now - silence_ms), '+inf') - 1
if last and heard == 0 then redis.call('SET', K.grace, now + silence_ms, 'PX', silence_ms * 4) end
return 0
