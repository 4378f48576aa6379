-- A job is two strings. Its data: `lane|connector|key|kind|created|deadline|result|about|trace`, a line
-- feed, the payload. Its meta: `state|claims|attempts|crashes|worker|since|due|wake|code|born`,
-- absent while it has never left `ready`. Times are milliseconds of Redis TIME. No part holds `|`.

local LANES = { 'check', 'push', 'background' }
-- What `unpack` takes at once; Redis refuses a few thousand.
local MAX_UNPACKED = 960

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

-- A job's spec and meta; nil unless there is a job that this version can read.
local function load(id)
  local s = load_spec(id)
  local m = s and parse_meta(redis.call('HGET', K.meta, id), s.created)
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

-- Runs a command whose arguments may be more than `unpack` takes, a part at a time. Not for none.
local function call_all(command, key, arguments)
  for from = 1, #arguments, MAX_UNPACKED do
    redis.call(command, key, unpack(arguments, from, math.min(from + MAX_UNPACKED - 1, #arguments)))
  end
end

-- Reads fields of a hash, in order; more than `unpack` takes are never asked for at once.
local function read_all(key, fields)
  if #fields == 0 then return {} end
  return redis.call('HMGET', key, unpack(fields))
end
