-- Gives the right to write to Docebo, and notes what is about to be written.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: job; 4: its claim; 5: subject; 6: ledger retention in ms;
--       7: version in force as the caller saw it, '' for none; 8: the intent (JSON)
-- Returns: 'granted', 'lease_lost' (the job is not this worker's any more), or 'moved' (another version is in force)
local now = now_ms(ARGV[1])
if not holds_lease(ARGV[2], ARGV[3], ARGV[4]) then return 'lease_lost' end
local key = K.subject .. ARGV[5]
if (redis.call('HGET', key, 'version') or '') ~= ARGV[7] then return 'moved' end
redis.call('HSET', key, 'intent', ARGV[8])
redis.call('PEXPIREAT', key, now + tonumber(ARGV[6]))
return 'granted'
