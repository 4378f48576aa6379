-- Ends attempts. A stale claim token changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: retention in ms; 4: answer retention in ms;
--       then per job 4: id, `claim|verb|delay_ms|wake|code|burns|worked|state|reference`, attempt line, answer
--       verbs: done | superseded | expired | retry | snooze | park | bury | release
--       delay_ms: until due (retry, snooze), until the next look (park; -1 never); burns: whether an attempt (0/1);
--       worked: whether Docebo answered as it should (0/1); state and reference are for the ledger
-- Returns per job: 'settled', 'again' (this very settle was applied before), or 'fenced'
local now = now_ms(ARGV[1])
local worker, retention_ms, answer_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local VERBS = { done = 1, superseded = 1, expired = 1, retry = 1, snooze = 1, park = 1, bury = 1, release = 1 }
local leases, keys, holders, worked = {}, {}, {}, {}

local function parse_end(text)
  local claim, verb, delay, wake, code, burns, answered, state, reference =
    string.match(text, '^(%d+)|(%a+)|(%-?%d+)|([^|]*)|([^|]*)|([01])|([01])|([^|]*)|([^|]*)$')
  if not claim or not VERBS[verb] then return nil end
  return { claim = tonumber(claim), verb = verb, delay_ms = tonumber(delay), wake = wake, code = code,
    burns = burns == '1', worked = answered == '1', state = state, reference = reference }
end

local function seen_before(id, claims)
  local record = redis.call('HGET', bucket_of(id), id)
  local m = record and string.match(record, '^[^\n]*\n([^\n]*)\n')
  m = m and parse_meta(m, 0)
  return m and m.claims == claims and m.worker == worker
end

local function park(id, s, m, e)
  -- The event may have come while the attempt ran: then there is nothing left to wait for.
  local woken = e.wake ~= '' and redis.call('GET', K.woken .. e.wake)
  if woken and tonumber(woken) >= m.since then
    ledger_step(s, m, 'accepted', 'released', now)
    return make_ready(id, s, m, now, false)
  end
  m.due = e.delay_ms >= 0 and now + e.delay_ms or 0
  m.wake = e.wake
  enter(id, m, 'parked', now)
  redis.call('ZADD', K.parked, e.delay_ms >= 0 and m.due or '+inf', id)
  if e.wake ~= '' then redis.call('ZADD', K.wake .. e.wake, now, id) end
end

local function apply(id, s, m, e)
  if e.verb == 'release' then return make_ready(id, s, m, now, true) end
  if e.state ~= '' then ledger_step(s, m, e.state, e.state, now, e.reference) end
  if e.verb == 'done' or e.verb == 'superseded' or e.verb == 'expired' then
    finish(id, s, m, e.verb, now)
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

local function leave_lease(id, s)
  local lease = running_key(worker, s.lane)
  if not leases[lease] then leases[lease] = {} end
  table.insert(leases[lease], id)
  count_running(s.connector, -1)
end

local function settle(at, id, data, meta)
  local e = parse_end(ARGV[at + 1])
  local s = data and parse_spec(data)
  local m = s and parse_meta(meta, s.created)
  if not e then return 'fenced' end
  if not m then return seen_before(id, e.claim) and 'again' or 'fenced' end
  if m.claims ~= e.claim or m.worker ~= worker then return 'fenced' end
  if m.state ~= 'running' then return 'again' end
  leave_lease(id, s)
  m.code = e.code
  if e.burns then m.attempts = m.attempts + 1 end
  -- What was leased once and has nothing to tell has no history.
  m.untold = m.claims == 1 and ARGV[at + 2] == ''
  append_history(id, ARGV[at + 2])
  if ARGV[at + 3] ~= '' then redis.call('SET', K.answer .. id, ARGV[at + 3], 'PX', answer_ms) end
  -- A job given back keeps its key: it stays before those that wait behind it.
  if s.key ~= '' and e.verb ~= 'release' then
    keys[#keys + 1] = s.key
    holders[#holders + 1] = id
  end
  if e.worked then worked[#worked + 1] = s.connector end
  apply(id, s, m, e)
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
local datas, metas = read_all(K.data, ids), read_all(K.meta, ids)
for number, id in ipairs(ids) do
  local verdict = seen[id] and 'fenced' or settle(5 + (number - 1) * 4, id, datas[number], metas[number])
  seen[id] = true
  if verdict == 'fenced' then fenced = fenced + 1 end
  verdicts[number] = verdict
end
for lease, left in pairs(leases) do call_all('ZREM', lease, left) end
free_keys()
write_ended(now, retention_ms)
if #worked > 0 and redis.call('EXISTS', K.gates) == 1 then
  for _, connector in ipairs(worked) do gate_worked(connector) end
end
write_running()
if fenced > 0 then redis.call('HINCRBY', K.counters, 'fenced', fenced) end
return verdicts
