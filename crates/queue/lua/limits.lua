-- Sets what a connector may use; its jobs are looked at anew.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; then per connector 4: connector, calls per hour, weight, jobs at once; 0 for no limit
-- Returns: how many changed
local changed = 0
for at = 2, #ARGV, 4 do
  local connector = ARGV[at]
  local limits = table.concat({ ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] }, '|')
  if redis.call('HGET', K.limits, connector) ~= limits then
    redis.call('HSET', K.limits, connector, limits)
    redis.call('SREM', K.slot_waits, connector)
    release_holds(connector)
    changed = changed + 1
  end
end
return changed
