-- Ends jobs by a person's decision. A running one is left alone.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: retention in ms; 3: the note for the history (JSON: who and why); 4: only dead ones (0/1);
--       5: the catalogue code (discarded | erased); then ids
-- Returns per job: 'discarded', 'running', 'not_dead', 'ended', or 'unknown'
local now = now_ms(ARGV[1])
local how = { retention_ms = tonumber(ARGV[2]), note = ARGV[3], only_dead = ARGV[4] == '1', code = ARGV[5] }

local verdicts, seen = {}, {}
for at = 6, #ARGV do
  local id = ARGV[at]
  verdicts[#verdicts + 1] = seen[id] and 'ended' or discard(id, how, now)
  seen[id] = true
end
write_ended(now, how.retention_ms)
return verdicts
