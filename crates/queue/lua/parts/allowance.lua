-- Whether jobs may start: the predicates that a claim respects and an explanation names, in their order.

-- A pause by a person: `mode|since|until`, a line feed, who and why (JSON). Over once its time has come.
local function pause_of(target, now)
  local record = rare(K.pauses, target)
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

-- What bounds a connector in a lane, looked up once a script: the most jobs that may run at once, each with the reason why
-- not more, in the order in which they are named; and the connector's weight. A reason with `slot` passes when one of its
-- running jobs ends.
local bounds_of = {}
local function bounds(lane, connector, now, egress, peek)
  local known = bounds_of[lane .. connector]
  if known then return known end
  local calls, weight, concurrency = read_limits(connector)
  local list = { weight = weight }
  bounds_of[lane .. connector] = list
  local pause = pause_of('connector:' .. connector, now)
  if pause then
    list[1] = { most = 0, why = pause }
    return list
  end
  local window, why = through_gate(connector, now, peek)
  if window then
    why = why or {}
    why.slot = window > 0
    list[1] = { most = window, why = why }
    if window == 0 then return list end
  end
  if concurrency > 0 then
    list[#list + 1] = { most = concurrency,
      why = { why = 'concurrency', code = '', since = 0, until_ms = 0, slot = true, limit = concurrency } }
  end
  local allowed, rises_at = calls_allowed(connector, calls, now)
  local buckets = {
    { why = 'quota', name = 'connector:' .. connector, limit = allowed, rises_at = rises_at },
    { why = 'egress', name = 'egress:' .. egress.name, limit = egress.limit, rises_at = 0 },
  }
  for _, bucket in ipairs(buckets) do
    if bucket.limit > 0 then
      local jobs, free_at = jobs_within(bucket.name, bucket.limit, lane, now, egress.window_ms, peek)
      list[#list + 1] = { most = jobs, why = { why = bucket.why, code = 'quota_used_up', since = 0,
        until_ms = sooner(free_at, bucket.rises_at), limit = bucket.limit, calls = true } }
    end
  end
  return list
end

-- How many jobs of a connector may start in a lane now, with the reason why not more; and the connector's weight.
local function allowance(lane, connector, now, egress, peek)
  local list = bounds(lane, connector, now, egress, peek)
  if #list == 0 then return math.huge, nil, list.weight end
  local room, why = math.huge, nil
  local running = list[1].most > 0 and running_of(connector) or 0
  for _, bound in ipairs(list) do
    -- What checks may call is theirs, however many pushes run.
    local beside = running
    if bound.why.calls and lane == 'check' then beside = running_of(checks_of(connector)) end
    if bound.most - beside < room then
      room, why = bound.most - beside, bound.why
      if why.calls then why.slot = beside > 0 end
    end
  end
  return math.max(0, room), why, list.weight
end
