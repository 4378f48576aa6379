-- A job is two strings. Its data: the header `key|deadline|lane|connector|kind|created|result|about|trace`, a line
-- feed, the payload. Its meta: `state|claims|attempts|crashes|worker|since|due|wake|code|born`; absent while the job
-- has never left `ready`; while it runs, it stands in its worker's leases instead, with a line feed and
-- `connector|key|deadline` behind it. An empty `born` is the time of creation. Times are milliseconds of Redis TIME. No
-- part holds `|`.
--
-- Lua hashes every byte of every string it meets: the claim and the settle read no data, so that a payload costs nothing.

local ID_CHARS = 26
local LANES = { 'check', 'push', 'background' }
-- What `unpack` takes at once; Redis refuses a few thousand.
local MAX_UNPACKED = 960

local function now_ms(override)
  if override ~= '0' then return tonumber(override) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Runs a command whose arguments may be more than `unpack` takes, a part at a time. Not for none.
local function call_all(command, key, arguments)
  for from = 1, #arguments, MAX_UNPACKED do
    redis.call(command, key, unpack(arguments, from, math.min(from + MAX_UNPACKED - 1, #arguments)))
  end
end

-- A field of a hash that mostly is not there at all: whether it is, is asked once a script.
local there = {}
local function rare(key, field)
  if there[key] == nil then there[key] = redis.call('EXISTS', key) == 1 end
  return there[key] and redis.call('HGET', key, field)
end

-- Reads fields of a hash, in order; more than `unpack` takes are never asked for at once.
local function read_all(key, fields)
  if #fields == 0 then return {} end
  return redis.call('HMGET', key, unpack(fields))
end

local function parse_header(header)
  local key, deadline, lane, connector, created, result =
    string.match(header, '^([^|]*)|(%d+)|([^|]*)|([^|]*)|[^|]*|(%d+)|([^|]*)|[^|]*|[^|]*\n$')
  if not key then return nil end
  return { lane = lane, connector = connector, key = key, created = tonumber(created),
    deadline = tonumber(deadline), result = result, header = header }
end

local function header_of(data)
  return string.sub(data, 1, string.find(data, '\n', 1, true) or 0)
end

local function parse_spec(data)
  return parse_header(header_of(data))
end

local function load_spec(id)
  local data = redis.call('HGET', K.data, id)
  return data and parse_spec(data)
end

local function fresh_meta(created)
  return { state = 'ready', claims = 0, attempts = 0, crashes = 0, worker = '', since = created,
    due = 0, wake = '', code = '', born = created }
end

local function parse_meta(packed)
  local state, claims, attempts, crashes, worker, since, due, wake, code, born = string.match(packed,
    '^(%a+)|(%d+)|(%d+)|(%d+)|([^|]*)|(%d+)|(%d+)|([^|]*)|([^|]*)|(%d*)')
  if not state then return nil end
  return { state = state, claims = tonumber(claims), attempts = tonumber(attempts),
    crashes = tonumber(crashes), worker = worker, since = tonumber(since), due = tonumber(due),
    wake = wake, code = code, born = tonumber(born) or 0 }
end

local function running_key(worker, lane)
  return K.running .. worker .. ':' .. lane
end

-- The leases that a worker has of these jobs: id → meta and what its lease adds.
local function leases_of(worker, ids)
  local leases = {}
  for _, lane in ipairs(LANES) do
    local key = running_key(worker, lane)
    if redis.call('EXISTS', key) == 1 then
      for at, record in ipairs(read_all(key, ids)) do
        if record then leases[ids[at]] = record end
      end
    end
  end
  return leases
end

-- Whether a worker still runs a job under the lease of this number.
local function holds_lease(worker, id, claim)
  local record = leases_of(worker, { id })[id]
  return record and string.match(record, '^running|(%d+)|') == claim
end

-- The metas of those of these jobs that run, of whichever worker: id → meta.
local workers
local function running_metas(ids)
  workers = workers or redis.call('ZRANGE', K.workers, 0, -1)
  local metas = {}
  for _, worker in ipairs(workers) do
    for id, record in pairs(leases_of(worker, ids)) do metas[id] = string.match(record, '^[^\n]*') end
  end
  return metas
end

-- A job's spec and meta; nil unless there is a job that this version can read.
local function load(id)
  local s = load_spec(id)
  if not s then return nil end
  local packed = redis.call('HGET', K.meta, id) or running_metas({ id })[id]
  local m
  if packed then m = parse_meta(packed) else m = fresh_meta(s.created) end
  if not m then return nil end
  if m.born == 0 then m.born = s.created end
  return s, m
end

local function pack_meta(m)
  return table.concat({ m.state, m.claims, m.attempts, m.crashes, m.worker, m.since, m.due, m.wake,
    m.code, m.born }, '|')
end

local function enter(id, m, state, now)
  m.state, m.since = state, now
  redis.call('HSET', K.meta, id, pack_meta(m))
end
