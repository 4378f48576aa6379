-- Stores new jobs. One bad job never stops its neighbours.
-- KEYS  1: data (routes the call to the shard)
-- ARGV  1: now in ms or 0; then per job 11: id, delay_ms, lane, connector, key, kind, ttl_ms, result, about, trace,
--       payload
-- Returns per job: 1 stored, 0 already known (duplicate)
local now = now_ms(ARGV[1])
local verdicts = {}
for at = 2, #ARGV, 11 do
  local id = ARGV[at]
  if known(id) then
    verdicts[#verdicts + 1] = 0
  else
    insert(id, spec_from(at + 2, now), tonumber(ARGV[at + 1]), now)
    verdicts[#verdicts + 1] = 1
  end
end
return verdicts
