-- Ends attempts. A stale claim token changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: retention in ms; 4: answer retention in ms;
--       then per job 4: id, `claim|verb|burns|worked`, attempt line, answer; behind `worked`, unless all are empty:
--       `|delay_ms|wake|code|state|reference`
--       verbs: done | superseded | expired | retry | snooze | park | bury | release
--       burns: whether an attempt (0/1); worked: whether Docebo answered as it should (0/1); delay_ms: until due (retry,
--       snooze), until the next look (park; -1 never); state and reference are for the ledger
-- Returns per job: 'settled', 'again' (this very settle was applied before), or 'fenced'
local now = now_ms(ARGV[1])
local worker, retention_ms, answer_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local VERBS = { done = 1, superseded = 1, expired = 1, retry = 1, snooze = 1, park = 1, bury = 1, release = 1 }
local ENDS = { done = true, superseded = true, expired = true }
local left, keys, holders, worked = {}, {}, {}, {}
-- What the records of jobs that end now have in common.
local ENDED_NOW = '|' .. worker .. '|' .. now .. '|0||'

local function parse_end(text)
  local claim, verb, burns, answered, rest = string.match(text, '^(%d+)|(%a+)|([01])|([01])(.*)$')
  if not claim or not VERBS[verb] then return nil end
  local e = { claim = claim, verb = verb, burns = burns == '1', worked = answered == '1', delay_ms = 0, wake = '',
    code = '', state = '', reference = '' }
  if rest ~= '' then
    local delay, wake, code, state, reference =
      string.match(rest, '^|(%-?%d+)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
    if not delay then return nil end
    e.delay_ms, e.wake, e.code, e.state, e.reference = tonumber(delay), wake, code, state, reference
  end
  return e
end

-- What a lease says: the job's meta and its spec. Numbers that only move on stay text.
local function parse_lease(record)
  local claim, attempts, crashes, since, born, header =
    string.match(record, '^running|(%d+)|(%d+)|(%d+)|[^|]*|(%d+)|%d+|[^|]*|[^|]*|(%d+)\n(.*)$')
  if not claim then return nil end
  local key, deadline, lane, connector, result =
    string.match(header, '^([^|]*)|(%d+)|([^|]*)|([^|]*)|[^|]*|%d+|([^|]*)|')
  return { claim = claim, attempts = tonumber(attempts), crashes = crashes, since = since, born = born },
    { lane = lane, connector = connector, key = key, deadline = tonumber(deadline), result = result, header = header }
end

-- Why a job that this worker does not run cannot be settled: it was settled so before, or somebody else has it.
local function why_not(id, claim)
  local record = redis.call('HGET', K.meta, id)
  if not record and redis.call('HEXISTS', K.data, id) == 0 then
    record = string.match(redis.call('HGET', bucket_of(id), id) or '', '^[^\n]*\n([^\n]*)\n')
  end
  local m = record and parse_meta(record)
  return m and m.claims == tonumber(claim) and m.worker == worker and 'again' or 'fenced'
end

local function park(id, s, m, e)
  -- The event may have come while the attempt ran: then there is nothing left to wait for.
  local woken = e.wake ~= '' and redis.call('GET', K.woken .. e.wake)
  if woken and tonumber(woken) >= m.began then
    ledger_step(s, m, 'accepted', 'released', now)
    return make_ready(id, s, m, now, false)
  end
  m.due = e.delay_ms >= 0 and now + e.delay_ms or 0
  m.wake = e.wake
  enter(id, m, 'parked', now)
  redis.call('ZADD', K.parked, e.delay_ms >= 0 and m.due or '+inf', id)
  if e.wake ~= '' then redis.call('ZADD', K.wake .. e.wake, now, id) end
end

-- A job that lives on.
local function move_on(id, s, m, e)
  if e.verb == 'release' then
    make_ready(id, s, m, now, true)
  elseif e.verb == 'retry' or e.verb == 'snooze' then
    m.due = now + e.delay_ms
    enter(id, m, 'scheduled', now)
    redis.call('ZADD', K.scheduled, m.due, id)
  elseif e.verb == 'park' then
    park(id, s, m, e)
  elseif e.verb == 'bury' then
    bury(id, s.lane, m, now)
  end
end

local function settle(at, id, record)
  local e = parse_end(ARGV[at + 1])
  if not e then return 'fenced' end
  local lease, s
  if record then lease, s = parse_lease(record) end
  if not lease then return why_not(id, e.claim) end
  if lease.claim ~= e.claim then return 'fenced' end
  if not left[s.lane] then left[s.lane] = {} end
  left[s.lane][#left[s.lane] + 1] = id
  count_running(s.connector, -1)
  local line = ARGV[at + 2]
  append_history(id, line)
  if ARGV[at + 3] ~= '' then redis.call('SET', K.answer .. id, ARGV[at + 3], 'PX', answer_ms) end
  -- A job given back keeps its key: it stays before those that wait behind it.
  if s.key ~= '' and e.verb ~= 'release' then
    keys[#keys + 1] = s.key
    holders[#holders + 1] = id
  end
  if e.worked then worked[#worked + 1] = s.connector end
  local attempts = e.burns and lease.attempts + 1 or lease.attempts
  local m = { claims = lease.claim, attempts = attempts, crashes = lease.crashes, worker = worker,
    began = tonumber(lease.since), due = 0, wake = '', code = e.code, born = lease.born }
  if e.verb ~= 'release' and e.state ~= '' then ledger_step(s, m, e.state, e.state, now, e.reference) end
  if ENDS[e.verb] then
    local packed = e.verb .. '|' .. lease.claim .. '|' .. attempts .. '|' .. lease.crashes .. ENDED_NOW .. e.code .. '|'
      .. lease.born
    -- What was leased once and has nothing to tell has no history.
    put_away(id, s, e.verb, packed, lease.claim == '1' and line == '')
  else
    move_on(id, s, m, e)
  end
  return 'settled'
end

local function free_keys()
  local free = {}
  for at, busy in ipairs(read_all(K.busy, keys)) do
    if busy == holders[at] then
      free[#free + 1] = keys[at]
    elseif holder_of(busy) == holders[at] then
      pass_key(keys[at], now)
    end
  end
  if #free > 0 then call_all('HDEL', K.busy, free) end
end

local ids, verdicts, fenced, seen = {}, {}, 0, {}
for at = 5, #ARGV, 4 do ids[#ids + 1] = ARGV[at] end
local records = leases_of(worker, ids)
for number, id in ipairs(ids) do
  local verdict = seen[id] and 'fenced' or settle(5 + (number - 1) * 4, id, records[id])
  seen[id] = true
  if verdict == 'fenced' then fenced = fenced + 1 end
  verdicts[number] = verdict
end
for lane, gone in pairs(left) do call_all('HDEL', running_key(worker, lane), gone) end
free_keys()
write_ended(now, retention_ms)
if #worked > 0 and redis.call('EXISTS', K.gates) == 1 then
  for _, connector in ipairs(worked) do gate_worked(connector) end
end
write_running()
if fenced > 0 then redis.call('HINCRBY', K.counters, 'fenced', fenced) end
return verdicts
