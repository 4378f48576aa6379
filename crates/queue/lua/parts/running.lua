-- How many jobs of each connector run: the measure of its ramp, its budget and its own limit.

-- Changes to the counts, written together.
local running_change = {}

local function count_running(connector, by)
  running_change[connector] = (running_change[connector] or 0) + by
end

-- The counts as they were before this script's changes.
local counted = {}

local function running_of(connector)
  counted[connector] = counted[connector] or tonumber(redis.call('HGET', K.running_count, connector) or '0')
  return counted[connector] + (running_change[connector] or 0)
end

-- Writes the counts; a connector that waited for one of its running jobs to end may go on.
local function write_running()
  local anybody_waits
  for connector, by in pairs(running_change) do
    if by ~= 0 and redis.call('HINCRBY', K.running_count, connector, by) <= 0 then
      redis.call('HDEL', K.running_count, connector)
    end
    if by < 0 then
      if anybody_waits == nil then anybody_waits = redis.call('EXISTS', K.slot_waits) == 1 end
      if anybody_waits and redis.call('SREM', K.slot_waits, connector) == 1 then release_holds(connector) end
    end
  end
  running_change = {}
end
