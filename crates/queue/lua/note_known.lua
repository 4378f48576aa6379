-- Notes what Docebo holds of a subject, or that what was about to be written was not; no write is under way any more.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: job; 4: its claim; 5: subject; 6: ledger retention in ms; 7: what
--       Docebo holds (JSON), '' if that is as before: then what a person has allowed stays, too
-- Returns: 1, or 0 if the job is not this worker's any more
local now = now_ms(ARGV[1])
if not holds_lease(ARGV[2], ARGV[3], ARGV[4]) then return 0 end
local key = K.subject .. ARGV[5]
redis.call('HDEL', key, 'intent')
if ARGV[7] ~= '' then
  redis.call('HDEL', key, 'decision')
  redis.call('HSET', key, 'known', ARGV[7])
end
redis.call('PEXPIREAT', key, now + tonumber(ARGV[6]))
return 1
