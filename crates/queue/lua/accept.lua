-- Accepts exam results: ledger row, version in force and job, all or nothing for each.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: ledger retention in ms;
--       then per result 16: job id, delay_ms, lane, connector, key, kind, ttl_ms, result id, about, trace,
--       payload, fingerprint of the content, immutable row (JSON), subject, version in force as the caller saw it, version
--       in force from now on
-- Returns per result: 'accepted', 'same', 'other' (the id is taken by other content), or 'moved' (another result
-- of the same subject came in between: decide again)
local now = now_ms(ARGV[1])
local retention_ms = tonumber(ARGV[2])
local verdicts = {}
for at = 3, #ARGV, 16 do
  local id, result = ARGV[at], ARGV[at + 7]
  local fingerprint, row, subject = ARGV[at + 11], ARGV[at + 12], ARGV[at + 13]
  local seen, wanted = ARGV[at + 14], ARGV[at + 15]
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
    if wanted ~= seen then redis.call('HSET', subject_key, 'version', wanted) end
    redis.call('PEXPIREAT', subject_key, now + retention_ms)
    insert(id, spec_from(at + 2, now), tonumber(ARGV[at + 1]), now)
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
