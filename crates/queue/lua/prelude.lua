-- Shared by every script; `K` (the keys) stands before this text.
-- A job is two strings. Its data: `lane|connector|key|kind|created|deadline|result|about|trace`, a line
-- feed, the payload. Its meta: `state|claims|attempts|crashes|worker|since|due|wake|code|born`,
-- absent while it has never left `ready`. Times are milliseconds of Redis TIME. No part holds `|`.

local LANES = { 'check', 'push', 'background' }
local MAX_SIGNALS = 16
local MAX_HISTORY_BYTES = 32768
local MAX_STEPS_BYTES = 16384

local function now_ms(override)
  if override ~= '0' then return tonumber(override) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function parse_spec(data)
  local lane, connector, key, kind, created, deadline, result =
    string.match(data, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|(%d+)|(%d+)|([^|]*)|[^|\n]*|[^|\n]*\n')
  if not lane then return nil end
  return { lane = lane, connector = connector, key = key, kind = kind, created = tonumber(created),
    deadline = tonumber(deadline), result = result, data = data }
end

local function load_spec(id)
  local data = redis.call('HGET', K.data, id)
  return data and parse_spec(data)
end

local function fresh_meta(created)
  return { state = 'ready', claims = 0, attempts = 0, crashes = 0, worker = '', since = created,
    due = 0, wake = '', code = '', born = created }
end

local function parse_meta(packed, created)
  if not packed then return fresh_meta(created) end
  local state, claims, attempts, crashes, worker, since, due, wake, code, born = string.match(packed,
    '^(%a+)|(%d+)|(%d+)|(%d+)|([^|]*)|(%d+)|(%d+)|([^|]*)|([^|]*)|(%d+)$')
  if not state then return nil end
  return { state = state, claims = tonumber(claims), attempts = tonumber(attempts),
    crashes = tonumber(crashes), worker = worker, since = tonumber(since), due = tonumber(due),
    wake = wake, code = code, born = tonumber(born) }
end

local function load_meta(id, created)
  return parse_meta(redis.call('HGET', K.meta, id), created)
end

-- A job's spec and meta; nil unless there is a job that this version can read.
local function load(id)
  local s = load_spec(id)
  local m = s and load_meta(id, s.created)
  if m then return s, m end
end

local function pack_meta(m)
  return table.concat({ m.state, m.claims, m.attempts, m.crashes, m.worker, m.since, m.due, m.wake,
    m.code, m.born }, '|')
end

local function enter(id, m, state, now)
  m.state, m.since = state, now
  redis.call('HSET', K.meta, id, pack_meta(m))
end

-- Wakes one idle worker of a lane; once a script is enough, the woken worker passes it on.
local signalled = {}
local function signal(lane)
  if signalled[lane] then return end
  signalled[lane] = true
  if redis.call('LLEN', K.signal .. lane) < MAX_SIGNALS then
    redis.call('RPUSH', K.signal .. lane, '1')
  end
end

-- Puts a job into its connector's ready list; at the head if it had waited there before.
local turned = {}
local function push_ready(id, s, at_head)
  local list = K.ready .. s.lane .. ':' .. s.connector
  redis.call(at_head and 'LPUSH' or 'RPUSH', list, id)
  if not turned[list] then
    turned[list] = true
    redis.call('ZADD', K.turns .. s.lane, 'NX', redis.call('GET', K.turn .. s.lane) or '0', s.connector)
  end
  signal(s.lane)
end

local function make_ready(id, s, m, now, at_head)
  m.due, m.wake = 0, ''
  enter(id, m, 'ready', now)
  push_ready(id, s, at_head)
end

local function bury(id, lane, m, now)
  m.due, m.wake = 0, ''
  enter(id, m, 'dead', now)
  redis.call('ZADD', K.dead, now, id)
  redis.call('HINCRBY', K.counters, 'buried', 1)
  if lane == 'check' then redis.call('PUBLISH', K.ended, id) end
end

-- Keeps a job that this version cannot read for a person; it is never dropped.
local function entomb(id, now)
  if redis.call('HEXISTS', K.data, id) == 0 then return end
  local m = fresh_meta(now)
  m.code = 'unreadable'
  bury(id, '', m, now)
end

-- Frees the serialisation key of a job that leaves; the next in line gets it and becomes ready, so that nobody
-- overtakes it and nobody waits behind a key that is free.
local function free_key(id, s)
  if s.key == '' or redis.call('HGET', K.busy, s.key) ~= id then return end
  local next_id = redis.call('LPOP', K.waiting .. s.key)
  while next_id do
    local next_spec = load_spec(next_id)
    if next_spec then
      redis.call('HSET', K.busy, s.key, next_id)
      return push_ready(next_id, next_spec, true)
    end
    entomb(next_id, now_ms(ARGV[1]))
    next_id = redis.call('LPOP', K.waiting .. s.key)
  end
  redis.call('HDEL', K.busy, s.key)
end

-- Takes a ready job out of whichever list holds it, and its key from it if it had its turn already.
local function drop_ready(id, s)
  free_key(id, s)
  local list = K.ready .. s.lane .. ':' .. s.connector
  if redis.call('LREM', list, 1, id) == 0 and s.key ~= '' then
    redis.call('LREM', K.waiting .. s.key, 1, id)
  elseif redis.call('EXISTS', list) == 0 then
    redis.call('ZREM', K.turns .. s.lane, s.connector)
    turned[list] = nil
  end
end

-- Takes a parked job out of its indexes.
local function drop_parked(id, m)
  redis.call('ZREM', K.parked, id)
  if m.wake ~= '' then redis.call('ZREM', K.wake .. m.wake, id) end
end

local function running_key(worker, lane)
  return K.running .. worker .. ':' .. lane
end

local function append_history(id, line)
  if line == '' then return end
  local lines = (redis.call('HGET', K.history, id) or '') .. line .. '\n'
  while #lines > MAX_HISTORY_BYTES do
    lines = string.sub(lines, string.find(lines, '\n', 1, true) + 1)
  end
  redis.call('HSET', K.history, id, lines)
end

-- Notes a step in the ledger row of a job's result, if it has one.
local function ledger_step(s, m, state, step, now, reference)
  if s.result == '' then return end
  local key = K.ledger .. s.result
  local steps = redis.call('HGET', key, 'steps')
  if not steps then return end
  steps = steps .. string.format('{"at_ms":%d,"step":"%s","code":"%s","reference":"%s"}\n', now, step, m.code,
    reference or '')
  while #steps > MAX_STEPS_BYTES do
    -- The first step, the acceptance, stays; the oldest after it goes.
    local first = string.find(steps, '\n', 1, true)
    local second = string.find(steps, '\n', first + 1, true)
    steps = string.sub(steps, 1, first) .. string.sub(steps, second + 1)
  end
  redis.call('HSET', key, 'state', state, 'code', m.code, 'attempts', m.attempts, 'steps', steps)
  if state == 'superseded' then redis.call('HSET', key, 'superseded_by', reference or '') end
end

local function bucket_of(id)
  return K.finished .. string.sub(id, 1, 6)
end

-- Ends a job: its record moves to the bucket that expires, everything else of it goes.
local extended = {}
local function finish(id, s, m, state, now, retention_ms)
  m.state, m.since, m.due, m.wake = state, now, 0, ''
  local header = string.sub(s.data, 1, string.find(s.data, '\n', 1, true))
  local bucket = bucket_of(id)
  redis.call('HSET', bucket, id, header .. pack_meta(m) .. '\n' .. (redis.call('HGET', K.history, id) or ''))
  if not extended[bucket] then
    extended[bucket] = true
    local expiry = now + retention_ms
    if redis.call('PEXPIREAT', bucket, expiry, 'GT') == 0 then redis.call('PEXPIREAT', bucket, expiry, 'NX') end
    redis.call('ZADD', K.buckets, 'GT', expiry, bucket)
  end
  redis.call('HDEL', K.data, id)
  redis.call('HDEL', K.meta, id)
  redis.call('HDEL', K.history, id)
  if s.deadline > 0 then redis.call('ZREM', K.deadlines, id) end
  redis.call('HINCRBY', K.counters, state, 1)
  if s.lane == 'check' then redis.call('PUBLISH', K.ended, id) end
end

-- Stores a new job. Returns false if the id is taken, living or finished.
local function insert(id, s, delay_ms, now)
  if redis.call('HSETNX', K.data, id, s.data) == 0 then return false end
  if s.deadline > 0 then redis.call('ZADD', K.deadlines, s.deadline, id) end
  if delay_ms > 0 then
    local m = fresh_meta(now)
    m.due = now + delay_ms
    enter(id, m, 'scheduled', now)
    redis.call('ZADD', K.scheduled, m.due, id)
  else
    push_ready(id, s, false)
  end
  return true
end

local function known(id)
  return redis.call('HEXISTS', K.data, id) == 1 or redis.call('HEXISTS', bucket_of(id), id) == 1
end

-- Builds a new job from nine arguments: lane, connector, key, kind, ttl, result, about, trace, payload.
local function spec_from(at, now)
  local ttl_ms = tonumber(ARGV[at + 4])
  local deadline = ttl_ms > 0 and now + ttl_ms or 0
  return { lane = ARGV[at], connector = ARGV[at + 1], key = ARGV[at + 2], kind = ARGV[at + 3],
    created = now, deadline = deadline, result = ARGV[at + 5],
    data = table.concat({ ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], now, deadline, ARGV[at + 5],
      ARGV[at + 6], ARGV[at + 7] }, '|') .. '\n' .. ARGV[at + 8] }
end
