-- How many jobs of each connector run: the measure of its ramp, its budget and its own limit.

-- What a lease adds to the job's meta: its connector and its key, which hold even if nothing else of it can be read.
local function tail_of(lease)
  return string.match(lease or '', '\n([^|]*)|([^|]*)|%d*$')
end

-- Checks are counted once more by themselves, under `check:…`: what they may call is theirs.
local function checks_of(connector)
  return 'check:' .. connector
end

-- Changes to the counts, written together.
local running_change = {}

local function count_running(connector, lane, by)
  running_change[connector] = (running_change[connector] or 0) + by
  if lane ~= 'check' then return end
  local checks = checks_of(connector)
  running_change[checks] = (running_change[checks] or 0) + by
end

-- The counts as they were before this script's changes.
local counted = {}

local function running_of(name)
  counted[name] = counted[name] or tonumber(redis.call('HGET', K.running_count, name) or '0')
  return counted[name] + (running_change[name] or 0)
end

-- Writes the counts; a connector that waited for one of its running jobs to end may go on.
local function write_running()
  local anybody_waits
  for name, by in pairs(running_change) do
    if by ~= 0 and redis.call('HINCRBY', K.running_count, name, by) <= 0 then
      redis.call('HDEL', K.running_count, name)
    end
    if by < 0 then
      if anybody_waits == nil then anybody_waits = redis.call('EXISTS', K.slot_waits) == 1 end
      if anybody_waits and redis.call('SREM', K.slot_waits, name) == 1 then release_holds(name) end
    end
  end
  running_change = {}
end
