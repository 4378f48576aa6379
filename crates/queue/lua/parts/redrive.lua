-- How dead jobs come back to life.

-- Gives a dead job a new life: attempts, crashes and age start again, the history stays.
-- Returns 'redriven', 'not_dead', or 'unknown'.
local function redrive(id, note, now)
  local s, m = load(id)
  if s and m.state == 'dead' then
    redis.call('ZREM', K.dead, id)
    append_history(id, note)
    m.attempts, m.crashes, m.born, m.code = 0, 0, now, ''
    ledger_step(id, s, m, 'accepted', 'redriven', now)
    make_ready(id, s, m, now, false)
    return 'redriven'
  end
  if s or redis.call('HEXISTS', bucket_of(id), id) == 1 then return 'not_dead' end
  return 'unknown'
end
