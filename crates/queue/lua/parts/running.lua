-- How many jobs of each connector run: the measure of its ramp, its budget and its own limit.

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

-- Takes a job out of its worker's leases; returns its key. A lease says both what it counted for and what it held, even
-- if nothing else of the job can be read.
local function drop_lease(worker, lane, id)
  local leases = running_key(worker, lane)
  local connector, key = string.match(redis.call('HGET', leases, id) or '', '\n([^|]*)|([^|]*)|%d*$')
  redis.call('HDEL', leases, id)
  if connector then count_running(connector, lane, -1) end
  return key or ''
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
      if anybody_waits then release_slot_wait(name) end
    end
  end
  running_change = {}
end
