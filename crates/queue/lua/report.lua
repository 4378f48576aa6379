-- Notes that Docebo failed a connector, and closes its gate when that is enough.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: connector; 3: kind (down | down_at_once | throttled | forbidden | refused); 4: catalogue
--       code; 5: wait in ms that Docebo asked for; 6: how long a call counts, in ms
-- Returns: the gate, packed
local FAILURES = { down = 5, down_at_once = 1, forbidden = 3 }
local CLOSED_MS = { down = 30000, down_at_once = 30000, forbidden = 300000 }
local FIRST_THROTTLE_MS, LONGEST_THROTTLE_MS = 5000, 900000
-- Who asks for a wait as long as this has counted an hour's calls; who asks for less has met a burst.
local LONG_WAIT_MS, LESS = 60000, 0.8
local now = now_ms(ARGV[1])
local connector, kind, code, wait_ms, window_ms = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local g = read_gate(connector) or { state = 'open', since = now, until_ms = 0, code = code, failures = 0, window = 0, good = 0, kind = kind }
local was_shut = is_shut(g, now)

local function close(until_ms)
  if g.state ~= 'closed' or g.code ~= code then g.since = now end
  g.state, g.until_ms, g.code, g.window, g.good = 'closed', until_ms, code, 0, 0
end

-- A refusal for too many calls teaches that fewer are allowed than we were told.
local function learn()
  local configured = read_limits(connector)
  if configured == 0 then return end
  local allowed = calls_allowed(connector, configured, now)
  local limit = math.floor(allowed * LESS)
  if wait_ms >= LONG_WAIT_MS then
    local used = 0
    for _, one in pairs(calls_in('connector:' .. connector, now, window_ms)) do used = used + one.calls end
    limit = math.min(limit, math.floor(used * LESS))
  end
  limit = math.max(limit, math.ceil(configured * LEAST_LEARNED), 1)
  redis.call('HSET', K.learned, connector, limit .. '|' .. now)
end

if was_shut and g.until_ms == 0 then
  -- Refused credentials: only a person changes that.
elseif kind == 'refused' then
  g.failures = g.failures + 1
  close(0)
elseif kind == 'throttled' then
  -- Several answers to one burst are one refusal.
  if not was_shut or g.kind ~= kind then
    learn()
    g.failures = g.kind == kind and g.failures + 1 or 1
    g.kind = kind
  end
  local own = math.min(FIRST_THROTTLE_MS * 2 ^ (math.max(g.failures, 1) - 1), LONGEST_THROTTLE_MS)
  close(math.max(was_shut and g.until_ms or 0, now + math.max(own, wait_ms)))
elseif not was_shut then
  g.failures = g.kind == kind and g.failures + 1 or 1
  g.kind, g.code = kind, code
  -- The first job after a closure decides alone; those after a good one count as ever.
  local on_trial = g.state == 'closed' or (g.state == 'ramping' and g.window == 1)
  if on_trial or g.failures >= FAILURES[kind] then close(now + CLOSED_MS[kind]) end
end
return write_gate(connector, g)
