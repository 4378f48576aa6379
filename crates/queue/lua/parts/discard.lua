-- How jobs end by a person's decision.

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

-- Ends a job; `how` has the note for its history, the retention, the catalogue code, and whether only a dead one ends.
-- What is written of it waits for `write_ended`. Returns 'discarded', 'running', 'not_dead', 'ended', or 'unknown'.
local function discard(id, how, now)
  local s, m = load(id)
  if not s and redis.call('ZREM', K.dead, id) == 1 then
    -- What no version could read is kept as it is until it expires, with who ended it and why; unless it must go.
    local data = how.code ~= 'erased' and redis.call('HGET', K.data, id) or ''
    redis.call('HSET', bucket_of(id), id, data .. '\n' .. how.note)
    redis.call('PEXPIREAT', bucket_of(id), now + how.retention_ms, 'NX')
    redis.call('HDEL', K.data, id)
    redis.call('HDEL', K.meta, id)
    return 'discarded'
  end
  if not s then return redis.call('HEXISTS', bucket_of(id), id) == 1 and 'ended' or 'unknown' end
  if m.state == 'running' then return 'running' end
  if how.only_dead and m.state ~= 'dead' then return 'not_dead' end
  if m.state == 'ready' then drop_ready(id, s, now) end
  if m.state == 'scheduled' then redis.call('ZREM', K.scheduled, id) end
  if m.state == 'parked' then drop_parked(id, m) end
  if m.state == 'dead' then redis.call('ZREM', K.dead, id) end
  leave_force(id, s)
  append_history(id, how.note)
  m.code = how.code
  ledger_step(id, s, m, 'discarded', 'discarded', now)
  finish(id, s, m, 'discarded', now)
  return 'discarded'
end
