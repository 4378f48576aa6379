-- Notes something on a result's row that no settlement says.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: result id; 3: ledger retention in ms; 4: the state it takes, '' to leave it; 5: the step, ''
--       for none; 6: catalogue code or ''; 7: what the step refers to, or ''; 8: the job that waits for a decision, '' for
--       none; 9: what is to be decided (JSON); 10: worker incarnation, '' if no lease is asked for; 11: its job; 12: its
--       claim; then the states it must be in, none for any
-- Returns: 1, 0 if there is no such row, it is in another state or its case stands against it, or -1 if the job is not this worker's any more
local now = now_ms(ARGV[1])
if ARGV[10] ~= '' and not holds_lease(ARGV[10], ARGV[11], ARGV[12]) then return -1 end
local result, state, step, code, reference = ARGV[2], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key = K.ledger .. result
local row = redis.call('HMGET', key, 'steps', 'state', 'case_job')
if not row[1] then return 0 end
local fits = #ARGV < 13
for at = 13, #ARGV do fits = fits or ARGV[at] == row[2] end
if not fits then return 0 end
-- An end takes the case with it. Only the job that has the case may bring that about; who knows nothing of it comes late.
local has_case_job = ARGV[10] ~= '' and ARGV[11] == row[3]
if ARGV[8] == '' and row[3] and AT_ITS_END[state] and not has_case_job then return 0 end

if step ~= '' then
  local line = string.format('{"at_ms":%d,"step":"%s","code":%s,"reference":%s}\n', now, step, cjson.encode(code),
    cjson.encode(reference))
  redis.call('HSET', key, 'steps', with_step(row[1], line))
end
if state ~= '' then
  redis.call('HSET', key, 'state', state, 'code', code)
  if state == 'superseded' then redis.call('HSET', key, 'superseded_by', reference) end
  row_moved(result, row[2], state, code, reference, now, row[3])
  -- A result that is open again is kept as long as a new one.
  if AT_ITS_END[row[2]] and not AT_ITS_END[state] then redis.call('PEXPIREAT', key, now + tonumber(ARGV[3]), 'GT') end
end
if ARGV[8] ~= '' then redis.call('HSET', key, 'case', ARGV[9], 'case_job', ARGV[8]) end
return 1
