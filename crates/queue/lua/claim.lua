-- Leases ready jobs of one lane to one worker; connectors take turns.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: lane; 3: worker incarnation; 4: most jobs; 5: lease in ms; 6: retention in ms
-- Returns a flat list, 4 per job: id, data, meta, history
local TURN_JOBS = 25
local now = now_ms(ARGV[1])
local lane, worker, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease_end, retention_ms = now + tonumber(ARGV[5]), tonumber(ARGV[6])
local turns, leases = K.turns .. lane, running_key(worker, lane)
local claimed, looked_at = {}, 0

-- One job of a turn: leased, expired, or put behind the job that holds its key.
local function take(id)
  local s, m = load(id)
  if not s then return entomb(id, now) end
  if s.deadline > 0 and s.deadline <= now then
    m.code = 'deadline_passed'
    ledger_step(s, m, 'dead', 'expired', now)
    free_key(id, s)
    finish(id, s, m, 'expired', now, retention_ms)
    return
  end
  if s.key ~= '' and redis.call('HSETNX', K.busy, s.key, id) == 0 and redis.call('HGET', K.busy, s.key) ~= id then
    redis.call('RPUSH', K.waiting .. s.key, id)
    return
  end
  m.claims, m.worker, m.due = m.claims + 1, worker, lease_end
  enter(id, m, 'running', now)
  redis.call('ZADD', leases, lease_end, id)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = s.data
  claimed[#claimed + 1] = pack_meta(m)
  claimed[#claimed + 1] = redis.call('HGET', K.history, id) or ''
end

while #claimed < limit * 4 and looked_at < limit * 4 do
  local connector = redis.call('ZRANGE', turns, 0, 0)[1]
  if not connector then break end
  local list = K.ready .. lane .. ':' .. connector
  local ids = redis.call('LPOP', list, math.min(TURN_JOBS, limit - #claimed / 4)) or {}
  for _, id in ipairs(ids) do take(id) end
  looked_at = looked_at + math.max(#ids, 1)
  if redis.call('EXISTS', list) == 1 then
    redis.call('ZADD', turns, redis.call('INCR', K.turn .. lane), connector)
  else
    redis.call('ZREM', turns, connector)
  end
end
-- A worker that was given up while it slept holds leases again: it must be watched again.
if #claimed > 0 then redis.call('ZADD', K.workers, 'NX', now, worker) end
if redis.call('EXISTS', turns) == 1 then signal(lane) end
return claimed
