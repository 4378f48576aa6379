-- Call budgets. A bucket (one per connector, one per egress address) keeps the time of each call, a list per lane, for
-- an hour and a little more; a call is allowed while fewer than the limit are in it. Each lane has a share that the
-- others leave to it while it has not used it.

local RESERVED = { check = 0.20, push = 0.10, background = 0.05 }
-- What one job may need, so that none is begun that would be stopped in its middle.
local CALLS_OF_JOB = { check = 2, push = 3, background = 2 }
-- A limit that was learned from refusals rises by this share of the configured one an hour, and never falls below it.
local RECOVERY_PER_HOUR, LEAST_LEARNED = 0.05, 0.05
local HOUR_MS = 3600000

-- `calls_per_hour|weight|max_concurrency`, each 0 for none.
local function read_limits(connector)
  local packed = rare(K.limits, connector)
  if not packed then return 0, 1, 0 end
  local calls, weight, concurrency = string.match(packed, '^(%d+)|(%d+)|(%d+)$')
  if not calls then return 0, 1, 0 end
  return tonumber(calls), math.max(tonumber(weight), 1), tonumber(concurrency)
end

-- The limit in force: the configured one, or what refusals have taught until that is forgotten; and when it allows one
-- call more (0: it does not rise).
local function calls_allowed(connector, configured, now)
  if configured == 0 then return 0, 0 end
  local packed = redis.call('HGET', K.learned, connector)
  local limit, at = string.match(packed or '', '^(%d+)|(%d+)$')
  if not limit then return configured, 0 end
  limit, at = tonumber(limit), tonumber(at)
  local recovered = (now - at) / HOUR_MS * RECOVERY_PER_HOUR * configured
  local allowed = math.floor(limit + recovered)
  if allowed >= configured then return configured, 0 end
  return allowed, at + math.floor((allowed + 1 - limit) / configured / RECOVERY_PER_HOUR * HOUR_MS) + 1
end

-- The sooner of two times of which either may never come (0).
local function sooner(one, other)
  if one == 0 or (other > 0 and other < one) then return other end
  return one
end

local function reserved_for(lane, limit)
  return math.floor(limit * RESERVED[lane])
end

-- Calls of a bucket that still count, per lane; older ones are dropped, unless it is only looked at.
local function calls_in(bucket, now, window_ms, peek)
  local used = {}
  for _, lane in ipairs(LANES) do
    local list = K.calls .. bucket .. ':' .. lane
    local length, gone = redis.call('LLEN', list), 0
    while gone < length do
      local oldest = redis.call('LINDEX', list, gone)
      if tonumber(oldest) > now - window_ms then break end
      gone = gone + 1
    end
    if gone > 0 and not peek then redis.call('LPOP', list, gone) end
    used[lane] = { calls = length - gone, oldest = redis.call('LINDEX', list, peek and gone or 0) }
  end
  return used
end

-- How many calls a lane may make now, and when the next old call stops to count.
local function calls_left(bucket, limit, lane, now, window_ms, peek)
  if limit == 0 then return math.huge, 0 end
  local used, left, free_at = calls_in(bucket, now, window_ms, peek), limit, 0
  for _, other in ipairs(LANES) do
    local calls = used[other].calls
    local kept = other ~= lane and math.max(0, reserved_for(other, limit) - calls) or 0
    left = left - calls - kept
    local expiry = used[other].oldest and tonumber(used[other].oldest) + window_ms
    if expiry and (free_at == 0 or expiry < free_at) then free_at = expiry end
  end
  return left, free_at
end

local function most_calls(limit, lane)
  for _, other in ipairs(LANES) do
    if other ~= lane then limit = limit - reserved_for(other, limit) end
  end
  return limit
end

-- How many jobs of a lane a bucket has calls for, those that run included, and when to ask again if not enough.
local function jobs_within(bucket, limit, lane, now, window_ms, peek)
  local left, free_at = calls_left(bucket, limit, lane, now, window_ms, peek)
  local need = math.max(1, math.min(CALLS_OF_JOB[lane], most_calls(limit, lane)))
  return math.max(0, math.floor(left / need)), free_at
end
