-- Stores new jobs. One bad job never stops its neighbours.
-- KEYS  1: data (routes the call to the shard)
-- ARGV  1: now in ms or 0; then the arguments of each job
-- Returns per job: 1 stored, 0 already known (duplicate)
local now = now_ms(ARGV[1])
local ids, verdicts = {}, {}
for at = 2, #ARGV, JOB_ARGUMENTS do ids[#ids + 1] = ARGV[at] end
local taken = taken_among(ids)
for number, id in ipairs(ids) do
  if taken[id] then
    verdicts[number] = 0
  else
    taken[id] = true
    insert(2 + (number - 1) * JOB_ARGUMENTS, now)
    verdicts[number] = 1
  end
end
write_inserted()
return verdicts
