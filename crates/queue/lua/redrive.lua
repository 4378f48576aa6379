-- Gives dead jobs a new life: attempts, crashes and age start again, the history stays.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: the note for the history (JSON); then ids
-- Returns per job: 'redriven', 'not_dead', or 'unknown'
local now = now_ms(ARGV[1])
local verdicts = {}
for at = 3, #ARGV do verdicts[#verdicts + 1] = redrive(ARGV[at], ARGV[2], now) end
return verdicts
