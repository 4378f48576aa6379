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
local claimed, jobs, looks, served, hopeless = { 'open' }, 0, 0, 0, 0

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

-- Ends the checks that cannot be run in time: who waits for them learns so at once, and why. Returns how many; each may
-- have freed a key for the next.
local function expire_hopeless(connector, why)
  local list, gone = ready_list(lane, connector), 0
  for _, id in ipairs(redis.call('LRANGE', list, 0, MAX_HOPELESS - 1)) do
    local s, m = load(id)
    if s and s.deadline > 0 and (why.until_ms == 0 or s.deadline <= why.until_ms) then
      redis.call('LREM', list, 1, id)
      expire(id, s, m, why.code)
      gone = gone + 1
    end
  end
  return gone
end

local function put_on_hold(connector, why)
  hold(lane, connector, why.until_ms)
  if why.slot then
    redis.call('SADD', K.slot_waits, connector)
  elseif lane == 'check' then
    local gone = expire_hopeless(connector, why)
    leave_if_empty(lane, connector)
    if gone == 0 then return end
    -- There may be more: they are looked at before anything else, by this claim or the next.
    expect_turn_again(lane, connector)
    hopeless = hopeless + gone
    if hopeless >= MAX_HOPELESS then looks = MAX_LOOKS end
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
      local after = start + #popped / weight
      if #popped == wanted and redis.call('EXISTS', list) == 1 then
        redis.call('ZADD', turns, after, connector)
        served = math.max(served, start)
      else
        redis.call('ZREM', turns, connector)
        turned[list] = nil
        -- It may be back in a moment, and then stands behind those that waited meanwhile.
        served = math.max(served, after)
      end
    end
  end
  return ids, owners
end

-- What the leases of jobs that never ran before have in common.
local FRESH = table.concat({ 'running|1|0|0', worker, now, lease_end, '', '', '' }, '|')

-- The job's record while it runs, and its meta.
local function lease_record(job)
  if not job.ran then
    local packed = FRESH .. job.created
    return packed .. '\n' .. job.header, packed
  end
  local m = job.m
  m.claims, m.worker, m.due, m.state, m.since = m.claims + 1, worker, lease_end, 'running', now
  local packed = pack_meta(m)
  return packed .. '\n' .. job.header, packed
end

-- What was popped and does not run leaves its place to another one of its connector.
local function not_started(connector)
  count_running(connector, -1)
  if redis.call('SREM', K.slot_waits, connector) == 1 then release_holds(connector) end
end

-- Sorts what was popped: what may run, what expires unrun, what no version can read.
local function sort(ids, owners)
  local datas, metas = read_all(K.data, ids), read_all(K.meta, ids)
  local runnable, keys = {}, {}
  for at, id in ipairs(ids) do
    local data, packed = datas[at], metas[at]
    local header = data and header_of(data)
    local key, deadline, created =
      string.match(header or '', '^([^|]*)|(%d+)|[^|]*|[^|]*|[^|]*|(%d+)|[^|]*|[^|]*|[^|]*\n$')
    local m = packed and parse_meta(packed)
    if not key or (packed and not m) then
      not_started(owners[at])
      entomb(id, now)
    elseif deadline ~= '0' and tonumber(deadline) <= now then
      not_started(owners[at])
      local s = parse_header(header)
      expire(id, s, m or fresh_meta(s.created), 'deadline_passed')
    else
      runnable[#runnable + 1] = { id = id, data = data, header = header, key = key, created = created, m = m, ran = packed,
        owner = owners[at] }
      keys[#keys + 1] = key
    end
  end
  return runnable, keys
end

-- Leases what may run and puts the others behind the jobs that hold their keys.
local function lease(runnable, keys)
  local busy, changed, told, ran = read_all(K.busy, keys), {}, {}, {}
  local leases = {}
  for at, job in ipairs(runnable) do
    local id, key = job.id, job.key
    local held = key ~= '' and (changed[key] or busy[at])
    if held and holder_of(held) ~= id then
      redis.call('RPUSH', K.waiting .. key, id)
      changed[key] = holder_of(held) .. '+'
      not_started(job.owner)
    else
      if key ~= '' and not held then changed[key] = id end
      local record, packed = lease_record(job)
      local n, l = #claimed, #leases
      leases[l + 1], leases[l + 2] = id, record
      claimed[n + 1], claimed[n + 2], claimed[n + 3], claimed[n + 4] = id, job.data, packed, ''
      if job.ran then
        ran[#ran + 1] = id
        told[#told + 1] = n + 4
      end
      jobs = jobs + 1
    end
  end
  local pairs_of_keys = {}
  for key, value in pairs(changed) do
    local n = #pairs_of_keys
    pairs_of_keys[n + 1], pairs_of_keys[n + 2] = key, value
  end
  if #pairs_of_keys > 0 then call_all('HSET', K.busy, pairs_of_keys) end
  if #leases > 0 then call_all('HSET', running_key(worker, lane), leases) end
  if #ran > 0 then
    call_all('HDEL', K.meta, ran)
    for at, history in ipairs(read_all(K.history, ran)) do claimed[told[at]] = history or '' end
  end
end

while jobs < most and looks < MAX_LOOKS do
  local ids, owners = gather()
  if #ids == 0 then break end
  lease(sort(ids, owners))
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
