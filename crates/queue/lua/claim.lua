-- Leases ready jobs of one lane to one worker. Connectors take turns by virtual time: each job served moves its
-- connector back by one part of its weight, and who has waited least for its weight goes first.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: lane; 3: worker incarnation; 4: most jobs; 5: lease in ms; 6: retention in ms;
--       7: egress; 8: its calls per hour, 0 for any number; 9: how long a call counts, in ms
-- Returns: 'open', 'lane_paused' or 'worker_paused'; then a flat list, 4 per job: id, data, meta, history
local TURN_JOBS = 25
-- Bounds one script: turns looked at, whether they bring a job or not; and checks ended unrun at one look.
local MAX_LOOKS, MAX_HOPELESS = 200, 100
local now = now_ms(ARGV[1])
local lane, worker, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease_end, retention_ms = now + tonumber(ARGV[5]), tonumber(ARGV[6])
local egress = { name = ARGV[7], limit = tonumber(ARGV[8]), window_ms = tonumber(ARGV[9]) }
local turns = K.turns .. lane
local claimed, jobs, looks, served = { 'open' }, 0, 0, 0

if redis.call('EXISTS', K.pauses) == 1 then
  if pause_of('lane:' .. lane, now) then return { 'lane_paused' } end
  if pause_of('worker:' .. worker, now) then
    -- The signal that woke this worker is for another one.
    if redis.call('EXISTS', turns) == 1 then signal(lane) end
    return { 'worker_paused' }
  end
end

local function expire(id, s, m, code)
  m.code = code
  ledger_step(s, m, 'dead', 'expired', now)
  free_key(id, s, now)
  finish(id, s, m, 'expired', now)
end

-- Ends the checks that cannot be run in time: who waits for them learns so at once, and why.
local function expire_hopeless(connector, why)
  local list = ready_list(lane, connector)
  for _, id in ipairs(redis.call('LRANGE', list, 0, MAX_HOPELESS - 1)) do
    local s, m = load(id)
    if s and s.deadline > 0 and (why.until_ms == 0 or s.deadline <= why.until_ms) then
      redis.call('LREM', list, 1, id)
      expire(id, s, m, why.code)
    end
  end
  leave_if_empty(lane, connector)
end

local function put_on_hold(connector, why)
  hold(lane, connector, why.until_ms)
  if why.slot then
    redis.call('SADD', K.slot_waits, connector)
  elseif lane == 'check' then
    expire_hopeless(connector, why)
  end
end

-- Pops ids of the connectors whose turn it is; what is popped counts as running until it turns out otherwise.
local function gather()
  local ids, owners = {}, {}
  while jobs + #ids < most and looks < MAX_LOOKS do
    looks = looks + 1
    local head = redis.call('ZRANGE', turns, 0, 0, 'WITHSCORES')
    local connector, start = head[1], tonumber(head[2])
    if not connector then break end
    local room, why, weight = allowance(lane, connector, now, egress)
    if room == 0 then
      put_on_hold(connector, why)
    else
      local list = ready_list(lane, connector)
      local wanted = math.min(TURN_JOBS, most - jobs - #ids, room)
      local popped = redis.call('LPOP', list, wanted) or {}
      for _, id in ipairs(popped) do
        ids[#ids + 1] = id
        owners[#owners + 1] = connector
      end
      if #popped > 0 then count_running(connector, #popped) end
      if #popped == wanted and redis.call('EXISTS', list) == 1 then
        redis.call('ZADD', turns, start + #popped / weight, connector)
      else
        redis.call('ZREM', turns, connector)
        turned[list] = nil
      end
      served = math.max(served, start)
    end
  end
  return ids, owners
end

-- Leases what was popped, or ends it unrun, or puts it behind the job that holds its key.
local function lease(ids, owners)
  local datas, metas = read_all(K.data, ids), read_all(K.meta, ids)
  local runnable, keys = {}, {}
  for at, id in ipairs(ids) do
    local s = datas[at] and parse_spec(datas[at])
    local m = s and parse_meta(metas[at], s.created)
    if m and (s.deadline == 0 or s.deadline > now) then
      runnable[#runnable + 1] = { id = id, s = s, m = m, ran = metas[at] and true }
      keys[#keys + 1] = s.key
    else
      count_running(owners[at], -1)
      if m then expire(id, s, m, 'deadline_passed') else entomb(id, now) end
    end
  end
  local busy, changed, told = read_all(K.busy, keys), {}, {}
  local packed, leases = {}, {}
  for at, job in ipairs(runnable) do
    local id, key, m = job.id, job.s.key, job.m
    local held = key ~= '' and (changed[key] or busy[at])
    if held and holder_of(held) ~= id then
      redis.call('RPUSH', K.waiting .. key, id)
      changed[key] = holder_of(held) .. '+'
      count_running(job.s.connector, -1)
    else
      if key ~= '' and not held then changed[key] = id end
      m.claims, m.worker, m.due, m.state, m.since = m.claims + 1, worker, lease_end, 'running', now
      local meta, n = pack_meta(m), #claimed
      packed[#packed + 1] = id
      packed[#packed + 1] = meta
      leases[#leases + 1] = lease_end
      leases[#leases + 1] = id
      claimed[n + 1], claimed[n + 2], claimed[n + 3], claimed[n + 4] = id, job.s.data, meta, ''
      if job.ran then told[#told + 1] = { id = id, at = n + 4 } end
      jobs = jobs + 1
    end
  end
  local pairs_of_keys = {}
  for key, value in pairs(changed) do
    pairs_of_keys[#pairs_of_keys + 1] = key
    pairs_of_keys[#pairs_of_keys + 1] = value
  end
  if #pairs_of_keys > 0 then call_all('HSET', K.busy, pairs_of_keys) end
  if #packed > 0 then
    call_all('HSET', K.meta, packed)
    call_all('ZADD', running_key(worker, lane), leases)
  end
  for _, job in ipairs(told) do claimed[job.at] = redis.call('HGET', K.history, job.id) or '' end
end

while jobs < most and looks < MAX_LOOKS do
  local ids, owners = gather()
  if #ids == 0 then break end
  lease(ids, owners)
end
if served > tonumber(redis.call('GET', K.turn .. lane) or '0') then
  redis.call('SET', K.turn .. lane, string.format('%.4f', served))
end
write_ended(now, retention_ms)
write_running()
-- A worker that was given up while it slept holds leases again: it must be watched again.
if jobs > 0 then redis.call('ZADD', K.workers, 'NX', now, worker) end
if redis.call('EXISTS', turns) == 1 then signal(lane) end
return claimed
