-- Ready jobs stand in one list per lane and connector, as `id|key` or `id|key|deadline`. A connector with ready jobs has a turn in its lane, or is on
-- hold there, since a claim found that none of its jobs may start before some time or event.

local MAX_SIGNALS = 16

-- Wakes one idle worker of a lane; once a script is enough, the woken worker passes it on.
local signalled = {}
local function signal(lane)
  if signalled[lane] then return end
  signalled[lane] = true
  if redis.call('LLEN', K.signal .. lane) < MAX_SIGNALS then
    redis.call('RPUSH', K.signal .. lane, '1')
  end
end

local function ready_list(lane, connector)
  return K.ready .. lane .. ':' .. connector
end

-- Gives a connector a turn: after the one that is served now, but not before it has waited for what it was served last,
-- or who comes and goes would overtake who stays.
local function join_turns(lane, connector)
  local now_served = tonumber(redis.call('GET', K.turn .. lane) or '0')
  local served_until = tonumber(redis.call('ZSCORE', K.turns_left .. lane, connector) or '0')
  redis.call('ZADD', K.turns .. lane, 'NX', string.format('%.4f', math.max(now_served, served_until)), connector)
  signal(lane)
end

-- Sees to it that a connector whose list has just grown is looked at, unless it is on hold.
local turned = {}
local function expect_turn(lane, connector)
  local list = ready_list(lane, connector)
  if turned[list] then return end
  turned[list] = true
  if lane == 'check' then
    -- Somebody waits for each check: whether it can be run in time is looked at at once.
    redis.call('ZREM', K.holds .. lane, connector)
  elseif redis.call('ZSCORE', K.holds .. lane, connector) then
    return
  end
  join_turns(lane, connector)
end

-- How a job stands in a ready list: with what a claim must know of it.
local function entry_of(id, key, deadline)
  if deadline == 0 then return id .. '|' .. key end
  return id .. '|' .. key .. '|' .. deadline
end

-- Puts a job into its connector's ready list; at the head if it had waited there before.
local function push_ready(id, s, at_head)
  local entry = entry_of(id, s.key, s.deadline)
  redis.call(at_head and 'LPUSH' or 'RPUSH', ready_list(s.lane, s.connector), entry)
  expect_turn(s.lane, s.connector)
end

local function make_ready(id, s, m, now, at_head)
  m.due, m.wake = 0, ''
  enter(id, m, 'ready', now)
  push_ready(id, s, at_head)
end

-- Takes a connector out of its turns; what it was served counts when it comes back.
local function leave_turns(lane, connector)
  local served_until = redis.call('ZSCORE', K.turns .. lane, connector)
  if not served_until then return end
  redis.call('ZREM', K.turns .. lane, connector)
  redis.call('ZADD', K.turns_left .. lane, served_until, connector)
end

-- Takes a connector out of its turns until a time, or until something releases it (0).
local function hold(lane, connector, until_ms)
  leave_turns(lane, connector)
  redis.call('ZADD', K.holds .. lane, until_ms > 0 and until_ms or '+inf', connector)
end

-- Gives a connector its turns back in a lane where it is on hold.
local function release_hold(lane, connector)
  if redis.call('ZREM', K.holds .. lane, connector) == 1
    and redis.call('EXISTS', ready_list(lane, connector)) == 1 then
    join_turns(lane, connector)
  end
end

local function release_holds(connector)
  for _, lane in ipairs(LANES) do release_hold(lane, connector) end
end

-- Lets a connector go on that waited for one of its running jobs to end.
local function release_slot_wait(connector)
  if redis.call('SREM', K.slot_waits, connector) == 1 then release_holds(connector) end
end

-- A connector without ready jobs has no place in its lane.
local function leave_if_empty(lane, connector)
  if redis.call('EXISTS', ready_list(lane, connector)) == 1 then return end
  leave_turns(lane, connector)
  redis.call('ZREM', K.holds .. lane, connector)
  turned[ready_list(lane, connector)] = nil
end
