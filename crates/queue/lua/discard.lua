-- Ends jobs by a person's decision. A running one is left alone.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: retention in ms; 3: the note for the history (JSON: who and why); 4: only dead ones (0/1); then ids
-- Returns per job: 'discarded', 'running', 'not_dead', 'ended', or 'unknown'
local now = now_ms(ARGV[1])
local retention_ms, only_dead = tonumber(ARGV[2]), ARGV[4] == '1'

local function discard(id)
  local s = load_spec(id)
  if not s then return redis.call('HEXISTS', bucket_of(id), id) == 1 and 'ended' or 'unknown' end
  local m = load_meta(id, s.created)
  if m.state == 'running' then return 'running' end
  if only_dead and m.state ~= 'dead' then return 'not_dead' end
  if m.state == 'ready' then drop_ready(id, s) end
  if m.state == 'scheduled' then redis.call('ZREM', K.scheduled, id) end
  if m.state == 'parked' then drop_parked(id, m) end
  if m.state == 'dead' then redis.call('ZREM', K.dead, id) end
  append_history(id, ARGV[3])
  ledger_step(s, m, 'discarded', 'discarded', now)
  finish(id, s, m, 'discarded', now, retention_ms)
  return 'discarded'
end

local verdicts = {}
for at = 5, #ARGV do verdicts[#verdicts + 1] = discard(ARGV[at]) end
return verdicts
