-- Ends jobs by a person's decision. A running one is left alone.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: retention in ms; 3: the note for the history (JSON: who and why); 4: only dead ones (0/1);
--       5: the catalogue code (discarded | erased); then ids
-- Returns per job: 'discarded', 'running', 'not_dead', 'ended', or 'unknown'
local now = now_ms(ARGV[1])
local retention_ms, only_dead = tonumber(ARGV[2]), ARGV[4] == '1'

-- A result that never reached Docebo must not stand in the way of later ones once a person has ended it. One that may
-- have been written stays in force: one whose worker was lost, or of which the enrolment is remembered so.
local function leave_force(id, s)
  if s.result == '' then return end
  local row = redis.call('HMGET', K.ledger .. s.result, 'subject', 'job')
  if not row[1] or row[2] ~= id then return end
  local history = redis.call('HGET', K.history, id) or ''
  if string.find(history, '"crashed"', 1, true) or is_about(row[1], 'intent', 'result_id', s.result)
    or is_about(row[1], 'known', 'written_by', s.result) then
    return
  end
  if is_about(row[1], 'version', 'result_id', s.result) then redis.call('HDEL', K.subject .. row[1], 'version') end
end

local function discard(id)
  local s, m = load(id)
  if not s and redis.call('ZREM', K.dead, id) == 1 then
    -- What no version could read is kept as it is until it expires, with who ended it and why; unless it must go.
    local data = ARGV[5] ~= 'erased' and redis.call('HGET', K.data, id) or ''
    redis.call('HSET', bucket_of(id), id, data .. '\n' .. ARGV[3])
    redis.call('PEXPIREAT', bucket_of(id), now + retention_ms, 'NX')
    redis.call('HDEL', K.data, id)
    redis.call('HDEL', K.meta, id)
    return 'discarded'
  end
  if not s then return redis.call('HEXISTS', bucket_of(id), id) == 1 and 'ended' or 'unknown' end
  if m.state == 'running' then return 'running' end
  if only_dead and m.state ~= 'dead' then return 'not_dead' end
  if m.state == 'ready' then drop_ready(id, s, now) end
  if m.state == 'scheduled' then redis.call('ZREM', K.scheduled, id) end
  if m.state == 'parked' then drop_parked(id, m) end
  if m.state == 'dead' then redis.call('ZREM', K.dead, id) end
  leave_force(id, s)
  append_history(id, ARGV[3])
  m.code = ARGV[5]
  ledger_step(id, s, m, 'discarded', 'discarded', now)
  finish(id, s, m, 'discarded', now)
  return 'discarded'
end

local verdicts, seen = {}, {}
for at = 6, #ARGV do
  local id = ARGV[at]
  verdicts[#verdicts + 1] = seen[id] and 'ended' or discard(id)
  seen[id] = true
end
write_ended(now, retention_ms)
return verdicts
