-- How jobs end, and what is told of them.

local MAX_HISTORY_BYTES = 32768

local function bury(id, lane, m, now)
  m.due, m.wake = 0, ''
  enter(id, m, 'dead', now)
  redis.call('ZADD', K.dead, now, id)
  redis.call('HINCRBY', K.counters, 'buried', 1)
  if lane == 'check' then check_ended(id, 'dead', m.code, now) end
end

-- Keeps a job that this version cannot read for a person; it is never dropped.
local function entomb(id, now)
  if redis.call('HEXISTS', K.data, id) == 0 then return end
  local m = fresh_meta(now)
  m.code = 'unreadable'
  bury(id, '', m, now)
end

-- The keys of the events that a parked job waits for, whichever comes first: one, two or none.
local function wakes_of(m)
  return string.gmatch(m.wake, '[^ ]+')
end

-- Takes a parked job out of its indexes.
local function drop_parked(id, m)
  redis.call('ZREM', K.parked, id)
  for wake in wakes_of(m) do redis.call('ZREM', K.wake .. wake, id) end
end

local function append_history(id, line)
  if line == '' then return end
  local lines = (redis.call('HGET', K.history, id) or '') .. line .. '\n'
  while #lines > MAX_HISTORY_BYTES do
    lines = string.sub(lines, string.find(lines, '\n', 1, true) + 1)
  end
  redis.call('HSET', K.history, id, lines)
end

-- Ids of the same 17 minutes end in one bucket: mostly that of the id before.
local last_prefix, last_bucket
local function bucket_of(id)
  local prefix = string.sub(id, 1, 6)
  if prefix ~= last_prefix then last_prefix, last_bucket = prefix, K.finished .. prefix end
  return last_bucket
end

-- Ended jobs of this script: their records move to the buckets that expire, everything else of them goes.
local ended = { count = 0, records = {}, ids = {}, told = {}, metas = {}, deadlines = {}, states = {} }

-- Ends a job. What is written waits for `write_ended`, so that a batch costs a few commands and not a few per job.
-- `untold`: nothing was ever noted of it.
local function put_away(id, header, perishable, state, packed, untold)
  local record = header .. packed .. '\n'
  if not untold then
    record = record .. (redis.call('HGET', K.history, id) or '')
    ended.told[#ended.told + 1] = id
  end
  local bucket = bucket_of(id)
  local records = ended.records[bucket]
  if not records then
    records = {}
    ended.records[bucket] = records
  end
  local n = #records
  records[n + 1], records[n + 2] = id, record
  local count = ended.count + 1
  ended.count, ended.ids[count] = count, id
  if perishable then ended.deadlines[#ended.deadlines + 1] = id end
  ended.states[state] = (ended.states[state] or 0) + 1
end

local function finish(id, s, m, state, now)
  m.state, m.since, m.due, m.wake = state, now, 0, ''
  put_away(id, s.header, s.deadline > 0, state, pack_meta(m))
  ended.metas[#ended.metas + 1] = id
  if s.lane == 'check' then check_ended(id, state, m.code, now) end
end

local function write_ended(now, retention_ms)
  if #ended.ids == 0 then return end
  for bucket, records in pairs(ended.records) do
    call_all('HSET', bucket, records)
    local expiry = now + retention_ms
    if redis.call('PEXPIREAT', bucket, expiry, 'GT') == 0 then redis.call('PEXPIREAT', bucket, expiry, 'NX') end
    redis.call('ZADD', K.buckets, 'GT', expiry, bucket)
  end
  call_all('HDEL', K.data, ended.ids)
  if #ended.metas > 0 then call_all('HDEL', K.meta, ended.metas) end
  if #ended.told > 0 then call_all('HDEL', K.history, ended.told) end
  if #ended.deadlines > 0 then call_all('ZREM', K.deadlines, ended.deadlines) end
  for state, jobs in pairs(ended.states) do redis.call('HINCRBY', K.counters, state, jobs) end
end
