-- Gives dead jobs a new life: attempts, crashes and age start again, the history stays.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: the note for the history (JSON); then ids
-- Returns per job: 'redriven', 'not_dead', or 'unknown'
local now = now_ms(ARGV[1])
local verdicts = {}
for at = 3, #ARGV do
  local id = ARGV[at]
  local s, m = load(id)
  local verdict = 'unknown'
  if s and m.state == 'dead' then
    verdict = 'redriven'
    redis.call('ZREM', K.dead, id)
    append_history(id, ARGV[2])
    m.attempts, m.crashes, m.born, m.code = 0, 0, now, ''
    ledger_step(id, s, m, 'accepted', 'redriven', now)
    make_ready(id, s, m, now, false)
  elseif s or redis.call('HEXISTS', bucket_of(id), id) == 1 then
    verdict = 'not_dead'
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
