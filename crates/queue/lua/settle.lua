-- Ends attempts. A stale claim token changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: retention in ms; 4: answer retention in ms;
--       then per job 11: id, claim token, verb, delay_ms, wake key, code, burns an attempt (0/1), attempt line, answer,
--       ledger state, reference
--       verbs: done | superseded | expired | retry | snooze | park | bury | release
--       delay_ms: until due (retry, snooze), until the next look (park; -1 never)
-- Returns per job: 'settled', 'again' (this very settle was applied before), or 'fenced'
local now = now_ms(ARGV[1])
local worker, retention_ms, answer_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local function seen_before(id, claims)
  local record = redis.call('HGET', bucket_of(id), id)
  local m = record and string.match(record, '^[^\n]*\n([^\n]*)\n')
  m = m and parse_meta(m, 0)
  return m and m.claims == claims and m.worker == worker
end

local function apply(id, s, m, verb, at)
  local delay_ms, wake = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local state, step, reference = ARGV[at + 9], ARGV[at + 2], ARGV[at + 10]
  if verb == 'release' then return make_ready(id, s, m, now, true) end
  if state ~= '' then ledger_step(s, m, state, state, now, reference) end
  if verb == 'done' or verb == 'superseded' or verb == 'expired' then
    finish(id, s, m, step, now, retention_ms)
  elseif verb == 'retry' or verb == 'snooze' then
    m.due = now + delay_ms
    enter(id, m, 'scheduled', now)
    redis.call('ZADD', K.scheduled, m.due, id)
  elseif verb == 'park' then
    -- The event may have come while the attempt ran: then there is nothing left to wait for.
    local woken = wake ~= '' and redis.call('GET', K.woken .. wake)
    if woken and tonumber(woken) >= m.since then
      ledger_step(s, m, 'accepted', 'released', now)
      return make_ready(id, s, m, now, false)
    end
    m.due = delay_ms >= 0 and now + delay_ms or 0
    m.wake = wake
    enter(id, m, 'parked', now)
    redis.call('ZADD', K.parked, delay_ms >= 0 and m.due or '+inf', id)
    if wake ~= '' then redis.call('ZADD', K.wake .. wake, now, id) end
  elseif verb == 'bury' then
    bury(id, s.lane, m, now)
  end
end

local VERBS = { done = 1, superseded = 1, expired = 1, retry = 1, snooze = 1, park = 1, bury = 1, release = 1 }

local function settle(at)
  local id, claims, verb = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local s, m = load(id)
  if not s then return seen_before(id, claims) and 'again' or 'fenced' end
  if m.claims ~= claims or not VERBS[verb] then return 'fenced' end
  if m.worker ~= worker then return 'fenced' end
  if m.state ~= 'running' then return 'again' end
  redis.call('ZREM', running_key(worker, s.lane), id)
  m.code = ARGV[at + 5]
  if ARGV[at + 6] == '1' then m.attempts = m.attempts + 1 end
  append_history(id, ARGV[at + 7])
  if ARGV[at + 8] ~= '' then redis.call('SET', K.answer .. id, ARGV[at + 8], 'PX', answer_ms) end
  -- A job given back keeps its key: it stays before those that wait behind it.
  if verb ~= 'release' then free_key(id, s) end
  apply(id, s, m, verb, at)
  return 'settled'
end

local verdicts, fenced = {}, 0
for at = 5, #ARGV, 11 do
  local verdict = settle(at)
  if verdict == 'fenced' then fenced = fenced + 1 end
  verdicts[#verdicts + 1] = verdict
end
if fenced > 0 then redis.call('HINCRBY', K.counters, 'fenced', fenced) end
return verdicts
