-- Ends attempts. A stale claim token changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: retention in ms; 4: answer retention in ms;
--       then per job 5: id, `claim|verb|burns|worked`, attempt line, answer, the header of its data ('': read it); behind
--       `worked`, unless all are empty: `|delay_ms|wake|code|state|reference`
--       verbs: done | superseded | expired | retry | snooze | park | bury | release
--       burns: whether an attempt (0/1); worked: whether Docebo answered as it should (0/1); delay_ms: until due (retry,
--       snooze), until the next look (park; -1 never); wake: one key, or two with a blank between them; state and
--       reference are for the ledger
-- A check past its deadline ends as expired whatever its worker says, unless a person must look (bury): what it found
-- came too late to be an answer, and stands in its history.
-- Returns per job: 'settled', 'again' (this very settle was applied before), or 'fenced'
local now = now_ms(ARGV[1])
local worker, retention_ms, answer_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local VERBS = { done = 1, superseded = 1, expired = 1, retry = 1, snooze = 1, park = 1, bury = 1, release = 1 }
local ENDS = { done = true, superseded = true, expired = true }
local left, keys, holders, worked = { check = {}, push = {}, background = {} }, {}, {}, {}
-- What the records of jobs that end now have in common.
local ENDED_NOW = '|' .. worker .. '|' .. now .. '|0||'

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
  -- One of the events may have come while the attempt ran: then there is nothing left to wait for. In the millisecond in
  -- which it began, the second one may be what released it, and is not heard twice.
  local heard_from = m.began
  for wake in wakes_of(e) do
    local woken = redis.call('GET', K.woken .. wake)
    if woken and tonumber(woken) >= heard_from then
      ledger_step(id, s, m, 'accepted', 'released', now)
      return make_ready(id, s, m, now, false)
    end
    heard_from = m.began + 1
  end
  m.due = e.delay_ms >= 0 and now + e.delay_ms or 0
  m.wake = e.wake
  enter(id, m, 'parked', now)
  redis.call('ZADD', K.parked, e.delay_ms >= 0 and m.due or '+inf', id)
  for wake in wakes_of(e) do redis.call('ZADD', K.wake .. wake, now, id) end
end

-- A job that lives on.
local function move_on(id, s, m, verb, e)
  if verb == 'release' then
    make_ready(id, s, m, now, true)
  elseif verb == 'retry' or verb == 'snooze' then
    m.due = now + e.delay_ms
    enter(id, m, 'scheduled', now)
    redis.call('ZADD', K.scheduled, m.due, id)
  elseif verb == 'park' then
    park(id, s, m, e)
  elseif verb == 'bury' then
    bury(id, s.lane, m, now)
  end
end

-- What else there is to an end than how it goes on in the usual case.
local function parse_rest(rest)
  if rest == '' then return { delay_ms = 0, wake = '', code = '', state = '', reference = '' } end
  local delay, wake, code, state, reference = string.match(rest, '^|(%-?%d+)|([^|]*)|([^|]*)|([^|]*)|([^|]*)$')
  if not delay then return nil end
  return { delay_ms = tonumber(delay), wake = wake, code = code, state = state, reference = reference }
end
local PLAIN = parse_rest('')

local function settle(at, id, record, lane)
  local claim, verb, burns, answered, rest = string.match(ARGV[at + 1], '^(%d+)|(%a+)|([01])|([01])(.*)$')
  local e = rest == '' and PLAIN or rest and parse_rest(rest)
  if not e or not VERBS[verb] then return 'fenced' end
  if not record then return why_not(id, claim) end
  local held, attempts, crashes, since, born, connector, key, deadline = string.match(record,
    '^running|(%d+)|(%d+)|(%d+)|[^|]*|(%d+)|%d+|[^|]*|[^|]*|(%d*)\n([^|]*)|([^|]*)|(%d*)$')
  if held ~= claim then return 'fenced' end
  local line, answer, header, code = ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], e.code
  if lane == 'check' and deadline ~= '' and tonumber(deadline) <= now then
    answer = ''
    if verb ~= 'bury' then verb, code = 'expired', 'deadline_passed' end
  end
  local gone = left[lane]
  gone[#gone + 1] = id
  count_running(connector, lane, -1)
  if header == '' then header = header_of(redis.call('HGET', K.data, id) or '') end
  append_history(id, line)
  if answer ~= '' then redis.call('SET', K.answer .. id, answer, 'PX', answer_ms) end
  -- A job given back keeps its key: it stays before those that wait behind it.
  if key ~= '' and verb ~= 'release' then
    keys[#keys + 1] = key
    holders[#holders + 1] = id
  end
  if answered == '1' then worked[#worked + 1] = connector end
  if burns == '1' then attempts = attempts == '0' and '1' or tonumber(attempts) + 1 end
  if ENDS[verb] then
    if e.state ~= '' then
      local result = string.match(header, '^[^|]*|%d+|[^|]*|[^|]*|[^|]*|%d+|([^|]+)|')
      if result then
        ledger_step(id, { result = result }, { code = e.code, attempts = attempts }, e.state, e.state, now, e.reference)
      end
    end
    local packed = verb .. '|' .. claim .. '|' .. attempts .. '|' .. crashes .. ENDED_NOW .. code .. '|' .. born
    -- What was leased once and has nothing to tell has no history.
    put_away(id, header, deadline ~= '', verb, packed, claim == '1' and line == '')
    if lane == 'check' then check_ended(id, verb, code, now, answer) end
    return 'settled'
  end
  local s = parse_header(header)
  if not s then
    -- Its lease was all that could be read of it.
    entomb(id, now)
    return 'settled'
  end
  local m = { claims = claim, attempts = attempts, crashes = crashes, worker = worker, began = tonumber(since), due = 0,
    wake = '', code = code, born = born ~= '' and born or s.created }
  if verb ~= 'release' and e.state ~= '' then ledger_step(id, s, m, e.state, e.state, now, e.reference) end
  move_on(id, s, m, verb, e)
  return 'settled'
end

local function free_keys()
  if #keys == 0 then return end
  -- Whoever runs holds its key: only whether somebody waits for it must be asked, if anybody waits at all.
  if (redis.call('GET', K.behind) or '0') == '0' then return call_all('HDEL', K.busy, keys) end
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

local ids, verdicts, fenced, seen, lanes, records = {}, {}, 0, {}, {}, {}
for at = 5, #ARGV, 5 do ids[#ids + 1] = ARGV[at] end
for _, lane in ipairs(LANES) do
  local leases = running_key(worker, lane)
  if redis.call('EXISTS', leases) == 1 then
    for number, record in ipairs(read_all(leases, ids)) do
      if record then records[number], lanes[number] = record, lane end
    end
  end
end
for number, id in ipairs(ids) do
  local verdict = seen[id] and 'fenced' or settle(5 + (number - 1) * 5, id, records[number], lanes[number])
  seen[id] = verdict == 'settled'
  if verdict == 'fenced' then fenced = fenced + 1 end
  verdicts[number] = verdict
end
for lane, gone in pairs(left) do
  if #gone > 0 then call_all('HDEL', running_key(worker, lane), gone) end
end
free_keys()
write_ended(now, retention_ms)
for _, connector in ipairs(worked) do gate_worked(connector) end
write_running()
if fenced > 0 then redis.call('HINCRBY', K.counters, 'fenced', fenced) end
return verdicts
