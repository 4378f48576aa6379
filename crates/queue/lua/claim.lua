-- Leases ready jobs of one lane to one worker. Connectors take turns by virtual time: each job served moves its
-- connector back by one part of its weight, and who has waited least for its weight goes first.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: lane; 3: worker incarnation; 4: most jobs; 5: lease in ms; 6: retention in ms;
--       7: egress; 8: its calls per hour, 0 for any number; 9: how long a call counts, in ms
-- Returns: 'open', 'lane_paused' or 'worker_paused'; the time in ms; then per job its id, and behind it, if it ran
-- before, a line feed, its meta, a line feed, its history
local TURN_JOBS = 25
-- Bounds one script: turns looked at, whether they bring a job or not; and checks ended unrun at one look.
local MAX_LOOKS, MAX_HOPELESS = 200, 100
local now = now_ms(ARGV[1])
local lane, worker, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease_end, retention_ms = now + tonumber(ARGV[5]), tonumber(ARGV[6])
local egress = { name = ARGV[7], limit = tonumber(ARGV[8]), window_ms = tonumber(ARGV[9]) }
local turns = K.turns .. lane
local claimed, jobs, looks, served, hopeless = { 'open', tostring(now) }, 0, 0, 0, 0

if redis.call('EXISTS', K.pauses) == 1 then
  if pause_of('lane:' .. lane, now) then return { 'lane_paused', tostring(now) } end
  if pause_of('worker:' .. worker, now) then
    -- The signal that woke this worker is for another one.
    if redis.call('EXISTS', turns) == 1 then signal(lane) end
    return { 'worker_paused', tostring(now) }
  end
end

local function expire(id, s, m, code)
  m.code = code
  ledger_step(id, s, m, 'dead', 'expired', now)
  free_key(id, s.key, now)
  finish(id, s, m, 'expired', now)
end

-- Ends the checks that cannot be run in time: who waits for them learns so at once, and why. Returns how many; each may
-- have freed a key for the next.
local function expire_hopeless(connector, why)
  local list, gone = ready_list(lane, connector), 0
  for _, entry in ipairs(redis.call('LRANGE', list, 0, MAX_HOPELESS - 1)) do
    local id = string.sub(entry, 1, ID_CHARS)
    local s, m = load(id)
    if s and s.deadline > 0 and (why.until_ms == 0 or s.deadline <= why.until_ms) then
      redis.call('LREM', list, 1, entry)
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
    release_hold(lane, connector)
    hopeless = hopeless + gone
    if hopeless >= MAX_HOPELESS then looks = MAX_LOOKS end
  end
end

-- Pops entries of the connectors whose turn it is; what is popped counts as running until it turns out otherwise.
local function gather()
  local entries, owners = {}, {}
  while jobs + #entries < most and looks < MAX_LOOKS do
    looks = looks + 1
    local head = redis.call('ZRANGE', turns, 0, 1, 'WITHSCORES')
    local connector, start, alone = head[1], tonumber(head[2]), not head[3]
    if not connector then break end
    local room, why, weight = allowance(lane, connector, now, egress)
    if room == 0 then
      put_on_hold(connector, why)
    else
      local list = ready_list(lane, connector)
      local wanted = math.min(alone and most or TURN_JOBS, most - jobs - #entries, room)
      local popped = redis.call('LPOP', list, wanted) or {}
      for _, entry in ipairs(popped) do
        local n = #entries + 1
        entries[n], owners[n] = entry, connector
      end
      if #popped > 0 then count_running(connector, lane, #popped) end
      if #popped == wanted and redis.call('EXISTS', list) == 1 then
        redis.call('ZADD', turns, start + #popped / weight, connector)
      else
        redis.call('ZREM', turns, connector)
        redis.call('ZADD', K.turns_left .. lane, start + #popped / weight, connector)
        turned[list] = nil
      end
      served = math.max(served, start)
    end
  end
  return entries, owners
end

-- What was popped and does not run leaves its place to another one of its connector.
local function not_started(connector)
  count_running(connector, lane, -1)
  release_slot_wait(connector)
end

-- The key and the deadline of an entry.
local function split(entry)
  local bar = string.find(entry, '|', ID_CHARS + 2, true)
  if not bar then return string.sub(entry, ID_CHARS + 2), '' end
  return string.sub(entry, ID_CHARS + 2, bar - 1), string.sub(entry, bar + 1)
end

-- What the leases of jobs that never ran before begin with: the time of creation stays where it is.
local FRESH = table.concat({ 'running|1|0|0', worker, now, lease_end, '', '', '\n' }, '|')

-- The meta of a job that ran before, leased; nil if no version can read it.
local function lease_again(packed)
  local m = parse_meta(packed)
  if not m then return nil end
  m.claims, m.worker, m.due, m.state, m.since = m.claims + 1, worker, lease_end, 'running', now
  if m.born == 0 then m.born = '' end
  return pack_meta(m)
end

-- Sorts what was popped: what is too late expires, what no version can read is kept for a person, the rest may run.
local function sort(entries, owners)
  local all, ids, keys, deadlines, connectors, metas, n = {}, {}, {}, {}, {}, {}, 0
  for at, entry in ipairs(entries) do all[at] = string.sub(entry, 1, ID_CHARS) end
  local packed = redis.call('EXISTS', K.meta) == 1 and read_all(K.meta, all) or {}
  for at, id in ipairs(all) do
    local key, deadline = split(entries[at])
    local meta = packed[at] and lease_again(packed[at])
    local s, m
    if deadline ~= '' and tonumber(deadline) <= now then s, m = load(id) end
    if s then
      not_started(owners[at])
      expire(id, s, m, 'deadline_passed')
    elseif packed[at] and not meta then
      not_started(owners[at])
      free_key(id, key, now)
      entomb(id, now)
    else
      n = n + 1
      ids[n], keys[n], deadlines[n], connectors[n], metas[n] = id, key, deadline, owners[at], meta
    end
  end
  return ids, keys, deadlines, connectors, metas
end

-- A check does not wait for a push that only waits itself, perhaps behind a closed budget or a paused lane: that goes to
-- the head of those that wait for the key.
local function yields(holder, key)
  local s, m = load(holder)
  if not s or m.state ~= 'ready' or s.lane == lane then return false end
  if redis.call('LREM', ready_list(s.lane, s.connector), 1, entry_of(holder, s.key, s.deadline)) == 0 then return false end
  leave_if_empty(s.lane, s.connector)
  redis.call('LPUSH', K.waiting .. key, holder)
  redis.call('INCR', K.behind)
  return true
end

-- Leases what may run and puts the others behind the jobs that hold their keys.
local function lease(ids, keys, deadlines, connectors, metas)
  local busy = read_all(K.busy, keys)
  local changed, changes, ran, places, leases, l, c = {}, {}, {}, {}, {}, 0, #claimed
  for at, id in ipairs(ids) do
    local key, connector, meta = keys[at], connectors[at], metas[at]
    local held = key ~= '' and (changed[key] or busy[at])
    if lane == 'check' and held and not changed[key] and holder_of(held) ~= id and yields(holder_of(held), key) then
      changed[key], held = id .. '+', id
    end
    if held and holder_of(held) ~= id then
      redis.call(lane == 'check' and 'LPUSH' or 'RPUSH', K.waiting .. key, id)
      redis.call('INCR', K.behind)
      changed[key] = holder_of(held) .. '+'
      not_started(connector)
    else
      if key ~= '' and not held then changed[key] = id end
      leases[l + 1] = id
      leases[l + 2] = (meta and meta .. '\n' or FRESH) .. connector .. '|' .. key .. '|' .. deadlines[at]
      l, c = l + 2, c + 1
      claimed[c] = id
      if meta then
        claimed[c] = id .. '\n' .. meta .. '\n'
        ran[#ran + 1] = id
        places[#places + 1] = c
      end
    end
  end
  for key, value in pairs(changed) do
    local n = #changes
    changes[n + 1], changes[n + 2] = key, value
  end
  if #changes > 0 then call_all('HSET', K.busy, changes) end
  jobs = jobs + l / 2
  if l > 0 then call_all('HSET', running_key(worker, lane), leases) end
  if #ran > 0 then
    call_all('HDEL', K.meta, ran)
    for at, history in ipairs(read_all(K.history, ran)) do
      if history then claimed[places[at]] = claimed[places[at]] .. history end
    end
  end
end

while jobs < most and looks < MAX_LOOKS do
  local entries, owners = gather()
  if #entries == 0 then break end
  lease(sort(entries, owners))
end
if served > tonumber(redis.call('GET', K.turn .. lane) or '0') then
  redis.call('SET', K.turn .. lane, string.format('%.4f', served))
  redis.call('ZREMRANGEBYSCORE', K.turns_left .. lane, '-inf', served)
end
write_ended(now, retention_ms)
write_running()
-- A worker that was given up while it slept holds leases again: it must be watched again.
if jobs > 0 then redis.call('ZADD', K.workers, 'NX', now, worker) end
if redis.call('EXISTS', turns) == 1 then signal(lane) end
return claimed
