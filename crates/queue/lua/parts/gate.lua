-- A connector's gate: `state|since|until|code|failures|window|good|kind`, absent while it is simply open.
--   open     counts failures in a row, of one kind whatever their codes
--   closed   until a time, or until somebody opens it (0)
--   ramping  lets `window` jobs run at once; as many good ones double it, and past MAX_WINDOW the gate is open

local MAX_WINDOW = 64

local function read_gate(connector)
  local packed = rare(K.gates, connector)
  if not packed then return nil end
  local state, since, until_ms, code, failures, window, good, kind =
    string.match(packed, '^(%a+)|(%d+)|(%d+)|([^|]*)|(%d+)|(%d+)|(%d+)|([^|]*)$')
  if not state then return nil end
  return { state = state, since = tonumber(since), until_ms = tonumber(until_ms), code = code,
    failures = tonumber(failures), window = tonumber(window), good = tonumber(good),
    kind = kind }
end

local function write_gate(connector, g)
  local packed = table.concat({ g.state, g.since, g.until_ms, g.code, g.failures, g.window, g.good, g.kind }, '|')
  redis.call('HSET', K.gates, connector, packed)
  there[K.gates] = true
  return packed
end

-- Lets one job through, then two, then four: whatever was wrong may still be.
local function start_ramp(connector, g, now)
  g = g or { code = '', failures = 0, kind = '' }
  g.state, g.since, g.until_ms, g.window, g.good = 'ramping', now, 0, 1, 0
  write_gate(connector, g)
  return g
end

local function is_shut(g, now)
  return g and g.state == 'closed' and (g.until_ms == 0 or g.until_ms > now)
end

-- A job ended to which Docebo had answered as it should.
local function gate_worked(connector)
  local g = read_gate(connector)
  if not g or g.state == 'closed' then return end
  if g.state == 'open' then
    redis.call('HDEL', K.gates, connector)
    return
  end
  g.good = g.good + 1
  -- Failures in a row end here; that of throttlings only once the gate is open, for they tell of too many calls.
  if g.kind ~= 'throttled' then g.failures = 0 end
  if g.good < g.window then
    write_gate(connector, g)
    return
  end
  g.window, g.good = g.window * 2, 0
  if g.window > MAX_WINDOW then redis.call('HDEL', K.gates, connector) else write_gate(connector, g) end
  release_slot_wait(connector)
end
