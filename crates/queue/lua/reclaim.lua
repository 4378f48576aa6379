-- Takes back the jobs of workers that stopped beating, and of leases that ran out although their worker beats.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: calling worker; 3: silence in ms that counts as death; 4: most jobs; 5: crashes that bury;
--       6: uptime in ms below which Redis itself may be the reason for the silence
-- Returns: jobs made ready again, jobs buried
local now = now_ms(ARGV[1])
local caller, silence_ms, limit, crash_limit = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local revived, buried = 0, 0

local function crash(id, worker, lane, why)
  local s, m = load(id)
  local key = drop_lease(worker, lane, id)
  if not s then
    free_key(id, key, now)
    return entomb(id, now)
  end
  append_history(id, string.format(
    '{"attempt":%d,"claim":%d,"worker":"%s","started_ms":%d,"duration_ms":%d,"outcome":"%s","code":"%s"}',
    m.attempts + 1, m.claims, worker, m.since, now - m.since, 'crashed', why))
  -- The token moves on, so that the lost worker's late settle is refused.
  m.claims, m.crashes, m.code = m.claims + 1, m.crashes + 1, why
  redis.call('HINCRBY', K.counters, 'reclaimed', 1)
  if m.crashes >= crash_limit then
    m.code = 'crashed_workers'
    ledger_step(id, s, m, 'dead', 'dead', now)
    free_key(id, key, now)
    bury(id, lane, m, now)
    buried = buried + 1
  else
    ledger_step(id, s, m, 'retrying', 'reclaimed', now)
    -- It keeps its key, and so its place before those that wait behind it.
    make_ready(id, s, m, now, true)
    revived = revived + 1
  end
end

-- Only a worker that is heard itself may call another one dead: after an outage all are silent alike.
local own_beat = tonumber(redis.call('ZSCORE', K.workers, caller) or '0')
local heard = now - own_beat < silence_ms and now >= tonumber(redis.call('GET', K.grace) or '0')

-- Asked only when somebody is silent, since it costs more than the rest.
local function redis_is_young()
  local uptime = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
  return uptime and tonumber(uptime) * 1000 < tonumber(ARGV[6])
end

-- Leases that ran out wait for this too: after an outage their workers' settlements are still on the way.
local may_judge
local function judges()
  if may_judge == nil then may_judge = heard and not redis_is_young() end
  return may_judge
end

-- Leases that ran out are looked for once a second by whichever worker comes first.
local looks_at_leases = now >= tonumber(redis.call('GET', K.leases_look) or '0')
if looks_at_leases then redis.call('SET', K.leases_look, now + 1000, 'PX', 60000) end

-- The jobs of a worker that are lost: all of a silent one's, of another those whose lease ran out. Newest first, so that
-- the oldest comes to stand before the others.
local function lost_jobs(leases, silent)
  local lost = {}
  if not silent and not looks_at_leases then return lost end
  local records = redis.call('HGETALL', leases)
  for at = 1, #records, 2 do
    local due = tonumber(string.match(records[at + 1], '^%a+|%d+|%d+|%d+|[^|]*|%d+|(%d+)|') or '0')
    if silent or due <= now then lost[#lost + 1] = records[at] end
  end
  table.sort(lost, function(one, other) return one > other end)
  return lost
end

for _, worker in ipairs(redis.call('ZRANGEBYSCORE', K.workers, '-inf', '+inf', 'LIMIT', 0, 10000)) do
  if revived + buried >= limit then break end
  local silent = tonumber(redis.call('ZSCORE', K.workers, worker)) <= now - silence_ms
  local left = 0
  for _, lane in ipairs(LANES) do
    local leases = running_key(worker, lane)
    local lost = lost_jobs(leases, silent)
    if #lost > 0 and judges() then
      for at = 1, math.min(#lost, limit) do crash(lost[at], worker, lane, silent and 'worker_lost' or 'lease_ran_out') end
    end
    left = left + redis.call('HLEN', leases)
  end
  if silent and left == 0 and judges() then
    redis.call('ZREM', K.workers, worker)
    redis.call('HDEL', K.worker_info, worker)
  end
end
write_running()
return { revived, buried }
