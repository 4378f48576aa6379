-- Accepts exam results: ledger row, version in force and job, all or nothing for each.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: ledger retention in ms;
--       then per result the arguments of its job and 6: result id, fingerprint of the content, immutable row (JSON),
--       subject, version in force as the caller saw it, version in force from now on
-- Returns per result: 'accepted', 'same', 'other' (the id is taken by other content), or 'moved' (another result
-- of the same subject came in between: decide again)
local now = now_ms(ARGV[1])
local retention_ms = tonumber(ARGV[2])
local ids, verdicts, open = {}, {}, {}
local RESULT_ARGUMENTS = JOB_ARGUMENTS + 6
for at = 3, #ARGV, RESULT_ARGUMENTS do ids[#ids + 1] = ARGV[at] end
local taken = taken_among(ids)
for at = 3, #ARGV, RESULT_ARGUMENTS do
  local rest = at + JOB_ARGUMENTS
  local id, result, fingerprint, row = ARGV[at], ARGV[rest], ARGV[rest + 1], ARGV[rest + 2]
  local subject, seen, wanted = ARGV[rest + 3], ARGV[rest + 4], ARGV[rest + 5]
  local key, subject_key = K.ledger .. result, K.subject .. subject
  local earlier = redis.call('HGET', key, 'fingerprint')
  local verdict
  if earlier then
    verdict = earlier == fingerprint and 'same' or 'other'
  elseif (redis.call('HGET', subject_key, 'version') or '') ~= seen then
    verdict = 'moved'
  else
    verdict = 'accepted'
    redis.call('HSET', key, 'fingerprint', fingerprint, 'row', row, 'job', id, 'subject', subject, 'state', 'accepted',
      'code', '', 'attempts', 0, 'steps', string.format('{"at_ms":%d,"step":"accepted","code":"","reference":""}\n', now))
    redis.call('PEXPIREAT', key, now + retention_ms)
    open[#open + 1] = now
    open[#open + 1] = result
    if wanted ~= seen then redis.call('HSET', subject_key, 'version', wanted) end
    redis.call('PEXPIREAT', subject_key, now + retention_ms)
    if not taken[id] then insert(at, now) end
    taken[id] = true
  end
  verdicts[#verdicts + 1] = verdict
end
write_inserted()
if #open > 0 then call_all('ZADD', K.results_open, open) end
return verdicts
