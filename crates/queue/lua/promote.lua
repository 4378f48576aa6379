-- Moves what time has come for: due jobs and parked jobs whose next look is due become ready, perishable jobs expire,
-- pauses end, connectors on hold are looked at again, what is too old goes.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: most jobs of each kind; 3: retention in ms; 4: ledger retention in ms; 5: retention of
--       events of the feed in ms; 6: retention of Docebo's events in ms
-- Returns: jobs made ready, jobs expired, ms until the next one is due (-1: none waits)
local now = now_ms(ARGV[1])
local limit, retention_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local promoted, expired = 0, 0
-- Ready jobs of a connector beside which none is looked at again, and when that is tried again.
local MAX_SWEPT, LOOK_LATER_MS = 10, 60000
local swept = {}
-- Bounds one script: how many events of a feed it drops, and how many of them it reads at once for that.
local MOST_TRIMMED, MOST_TRIMMED_BYTES, TRIM_LOOK = 1000, 1048576, 20

-- What kept a job from running, for the answer of a check that was never run.
local function waits_for(s)
  if pause_of('lane:' .. s.lane, now) or pause_of('connector:' .. s.connector, now) then return 'paused' end
  local g = read_gate(s.connector)
  return is_shut(g, now) and g.code ~= '' and g.code
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.scheduled, '-inf', now, 'LIMIT', 0, limit)) do
  redis.call('ZREM', K.scheduled, id)
  local s, m = load(id)
  if s then make_ready(id, s, m, now, false) else entomb(id, now) end
  promoted = promoted + 1
end

-- What is only looked at again gives way to work that is due: a thousand results of unknown people must not use up the
-- calls that the next exam's result needs.
local function look_later(id, m)
  m.due = now + LOOK_LATER_MS
  redis.call('HSET', K.meta, id, pack_meta(m))
  redis.call('ZADD', K.parked, m.due, id)
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.parked, '-inf', now, 'LIMIT', 0, limit)) do
  local s, m = load(id)
  local list = s and ready_list(s.lane, s.connector)
  -- One at a time goes through all the same: those that have waited too long must come to their end.
  if s and swept[list] and redis.call('LLEN', list) >= MAX_SWEPT then
    look_later(id, m)
  else
    if s then swept[list] = true end
    drop_parked(id, m or fresh_meta(now))
    if s then make_ready(id, s, m, now, false) else entomb(id, now) end
    promoted = promoted + 1
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', K.deadlines, '-inf', now, 'LIMIT', 0, limit)) do
  local s, m = load(id)
  -- A running or dead job is past its deadline in other hands; it only leaves this index.
  redis.call('ZREM', K.deadlines, id)
  if s and (m.state == 'ready' or m.state == 'scheduled' or m.state == 'parked') then
    if m.state == 'ready' then drop_ready(id, s, now) end
    if m.state == 'scheduled' then redis.call('ZREM', K.scheduled, id) end
    if m.state == 'parked' then drop_parked(id, m) end
    m.code = waits_for(s) or 'deadline_passed'
    ledger_step(id, s, m, 'dead', 'expired', now)
    finish(id, s, m, 'expired', now)
    expired = expired + 1
  end
end

redis.call('ZREMRANGEBYSCORE', K.buckets, '-inf', now)
-- Their rows have expired.
redis.call('ZREMRANGEBYSCORE', K.results_open, '-inf', now - tonumber(ARGV[4]))

-- Drops events that are too old, by the clock that numbers them; what was dropped last tells a reader that it missed some.
local function trim(stream, gone, kept_ms)
  local keep_from_ms, first, last, bytes = now_ms('0') - kept_ms, '-', nil, 0
  if keep_from_ms <= 0 then return end
  local keep_from = string.format('(%.0f-0', keep_from_ms)
  for _ = 1, MOST_TRIMMED / TRIM_LOOK do
    local old = redis.call('XRANGE', stream, first, keep_from, 'COUNT', TRIM_LOOK)
    if #old == 0 then break end
    last = old[#old][1]
    first = '(' .. last
    for _, entry in ipairs(old) do
      for _, value in ipairs(entry[2]) do bytes = bytes + #value end
    end
    if bytes >= MOST_TRIMMED_BYTES then break end
  end
  if not last then return end
  local ms, number = string.match(last, '^(%d+)-(%d+)$')
  redis.call('SET', gone, last)
  redis.call('XTRIM', stream, 'MINID', string.format('%s-%.0f', ms, tonumber(number) + 1))
end
trim(K.events, K.events_gone, tonumber(ARGV[5]))
trim(K.docebo_events, K.docebo_gone, tonumber(ARGV[6]))

-- Pauses that were set to end, and connectors whose time on hold is over.
for _, target in ipairs(redis.call('ZRANGEBYSCORE', K.pause_ends, '-inf', now, 'LIMIT', 0, limit)) do
  end_pause(target, now)
end
for _, lane in ipairs(LANES) do
  for _, connector in ipairs(redis.call('ZRANGEBYSCORE', K.holds .. lane, '-inf', now, 'LIMIT', 0, limit)) do
    release_hold(lane, connector)
  end
end
write_ended(now, retention_ms)

local soonest = -1
for _, index in ipairs({ K.scheduled, K.parked, K.deadlines, K.pause_ends, K.holds .. 'check', K.holds .. 'push',
  K.holds .. 'background' }) do
  local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')
  if first[2] and first[2] ~= 'inf' then
    local wait = math.max(0, tonumber(first[2]) - now)
    if soonest < 0 or wait < soonest then soonest = wait end
  end
end
return { promoted, expired, soonest }
