-- Replaces payloads of living jobs that are still what the caller saw. Nothing else of a job changes.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; then per job 3: id, the payload as the caller saw it, the new one
-- Returns per job: 1, or 0 if its payload is another one or it is gone
local verdicts = {}
for at = 2, #ARGV, 3 do
  local data = redis.call('HGET', K.data, ARGV[at]) or ''
  local header = header_of(data)
  local fits = header ~= '' and string.sub(data, #header + 1) == ARGV[at + 1]
  if fits then redis.call('HSET', K.data, ARGV[at], header .. ARGV[at + 2]) end
  verdicts[#verdicts + 1] = fits and 1 or 0
end
return verdicts
