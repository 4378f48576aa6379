-- Gives the right to write to Docebo, and notes what is about to be written, and to whom: Docebo's own word of it may come
-- before the answer to the write.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: job; 4: its claim; 5: subject; 6: ledger retention in ms;
--       7: version in force as the caller saw it, '' for none; 8: the intent (JSON); 9: the Docebo user who is written to,
--       '' to leave that unnoted; 10: the course, and the subject, of that user
-- Returns: 'granted', 'lease_lost' (the job is not this worker's any more), or 'moved' (another version is in force)
local MAX_SUBJECTS = 1000
local now = now_ms(ARGV[1])
if not holds_lease(ARGV[2], ARGV[3], ARGV[4]) then return 'lease_lost' end
local key, expiry = K.subject .. ARGV[5], now + tonumber(ARGV[6])
if (redis.call('HGET', key, 'version') or '') ~= ARGV[7] then return 'moved' end
redis.call('HSET', key, 'intent', ARGV[8])
redis.call('PEXPIREAT', key, expiry)
if ARGV[9] ~= '' then
  local subjects = K.docebo_user .. ARGV[9]
  redis.call('ZADD', subjects, now, ARGV[10])
  redis.call('ZREMRANGEBYRANK', subjects, 0, -MAX_SUBJECTS - 1)
  redis.call('PEXPIREAT', subjects, expiry)
end
return 'granted'
