-- Whether jobs may start: the predicates that a claim respects and an explanation names, in their order.

-- A pause by a person: `mode|since|until`, a line feed, who and why (JSON). Over once its time has come.
local function pause_of(target, now)
  local record = redis.call('HGET', K.pauses, target)
  local since, until_ms = string.match(record or '', '^%a+|(%d+)|(%d+)\n')
  if not since then return nil end
  until_ms = tonumber(until_ms)
  if until_ms > 0 and until_ms <= now then return nil end
  return { why = 'paused', code = 'paused', since = tonumber(since), until_ms = until_ms }
end

-- Whether the gate lets jobs through: nil for any number, else how many may run at once, 0 with the reason.
local function through_gate(connector, now, peek)
  local g = read_gate(connector)
  if not g or g.state == 'open' then return nil end
  if is_shut(g, now) then
    return 0, { why = 'gate', code = g.code, since = g.since, until_ms = g.until_ms }
  end
  local window = g.window
  if g.state == 'closed' then
    window = 1
    if not peek then start_ramp(connector, g, now) end
  end
  return window, { why = 'ramp', code = g.code, since = g.since, until_ms = 0, limit = window }
end

-- How many jobs of a connector may start in a lane now, with the reason why not more; and the connector's weight.
-- A reason with `slot` passes when one of its running jobs ends.
local function allowance(lane, connector, now, egress, peek)
  local calls, weight, concurrency = read_limits(connector)
  local pause = pause_of('connector:' .. connector, now)
  if pause then return 0, pause, weight end
  local window, why = through_gate(connector, now, peek)
  if window == 0 then return 0, why, weight end
  local running = (window or concurrency > 0 or calls > 0 or egress.limit > 0) and running_of(connector) or 0
  local room = math.huge
  if window then
    room = window - running
    why.slot = true
  end
  if concurrency > 0 and concurrency - running < room then
    room = concurrency - running
    why = { why = 'concurrency', code = '', since = 0, until_ms = 0, slot = true, limit = concurrency }
  end
  local limit = calls_allowed(connector, calls, now)
  local jobs, free_at = jobs_within('connector:' .. connector, limit, lane, running, now, egress.window_ms, peek)
  if jobs < room then
    room, why = jobs, { why = 'quota', code = 'quota_used_up', since = 0, until_ms = free_at, slot = running > 0, limit = limit }
  end
  jobs, free_at = jobs_within('egress:' .. egress.name, egress.limit, lane, running, now, egress.window_ms, peek)
  if jobs < room then
    room, why = jobs, { why = 'egress', code = 'quota_used_up', since = 0, until_ms = free_at, slot = running > 0, limit = egress.limit }
  end
  return math.max(0, room), why, weight
end
