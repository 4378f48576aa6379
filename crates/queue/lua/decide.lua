-- Carries out a person's decision about the case of a result.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: retention in ms; 3: ledger retention in ms; 4: result id; 5: the case as the person saw it
--       (JSON); 6: the note for the history (JSON: who and why); 7: keep_theirs | write_ours; 8: what Docebo is known to
--       hold from now on, or the decision for the subject (JSON), '' for none; 9: the version in force from now on, '' to
--       leave it; 10: the version in force as the person saw it, where it is not to be left
-- Returns: 'done', 'running', 'not_waiting' (the job does not wait for a decision), 'changed' (another case or version, or
-- none), or 'unknown' (no such result)
local now = now_ms(ARGV[1])
local result, keeps, note = ARGV[4], ARGV[7] == 'keep_theirs', cjson.decode(ARGV[6])
local key = K.ledger .. result
local row = redis.call('HMGET', key, 'subject', 'case', 'case_job')
if not row[1] then return 'unknown' end
if row[2] ~= ARGV[5] or not row[3] then return 'changed' end
local id = row[3]
local s, m = load(id)
if s and m.state == 'running' then return 'running' end
if not s or (m.state ~= 'parked' and m.state ~= 'dead') then return 'not_waiting' end
local subject = K.subject .. row[1]
if ARGV[9] ~= '' and (redis.call('HGET', subject, 'version') or '') ~= ARGV[10] then return 'changed' end

-- Puts who decided, and why, beside the step that says what.
local function say_who()
  local who = string.format(',"actor":%s,"reason":%s}\n', cjson.encode(note.actor or ''), cjson.encode(note.reason or ''))
  redis.call('HSET', key, 'steps', string.sub(redis.call('HGET', key, 'steps'), 1, -3) .. who)
end

local was_dead = m.state == 'dead'
if was_dead then redis.call('ZREM', K.dead, id) else drop_parked(id, m) end
append_history(id, ARGV[6])
redis.call('HDEL', key, 'case')
if was_dead and not keeps then m.attempts, m.crashes, m.born = 0, 0, now end
local function row_step(state, step, code, reference)
  ledger_step(id, { result = result }, { code = code, attempts = m.attempts }, state, step, now, reference)
end
row_step('accepted', 'decided', '', ARGV[7])
say_who()

if keeps then
  -- What is about another result is that one's.
  for _, field in ipairs({ 'intent', 'decision' }) do
    if is_about(row[1], field, 'result_id', result) then redis.call('HDEL', subject, field) end
  end
  -- While another result is being written, what its writer finds and notes is newer than what the person saw.
  if ARGV[8] ~= '' and redis.call('HEXISTS', subject, 'intent') == 0 then redis.call('HSET', subject, 'known', ARGV[8]) end
  m.code = 'kept_theirs'
  row_step('discarded', 'discarded', m.code)
  finish(id, s, m, 'discarded', now)
  write_ended(now, tonumber(ARGV[2]))
else
  redis.call('HSET', subject, 'decision', ARGV[8])
  if ARGV[9] ~= '' then redis.call('HSET', subject, 'version', ARGV[9]) end
  m.code = ''
  make_ready(id, s, m, now, false)
end
redis.call('PEXPIREAT', subject, now + tonumber(ARGV[3]))
redis.call('PEXPIREAT', key, now + tonumber(ARGV[3]), 'GT')
return 'done'
