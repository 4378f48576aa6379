-- Rows of results: where each stands and how it came there. `results:open` lists those that are not at their end.

local MAX_STEPS_BYTES = 16384
-- The states that are an end of a result's way. A dead one still waits for a person.
local AT_ITS_END = { delivered = true, confirmed = true, verified = true, no_op = true, superseded = true,
  discarded = true }

-- The steps with one more; the first, the acceptance, stays, the oldest after it goes if there are too many.
local function with_step(steps, line)
  steps = steps .. line
  while #steps > MAX_STEPS_BYTES do
    local first = string.find(steps, '\n', 1, true)
    local second = string.find(steps, '\n', first + 1, true)
    steps = string.sub(steps, 1, first) .. string.sub(steps, second + 1)
  end
  return steps
end

-- Whether what is kept with a subject names this result.
local function is_about(subject, field, name, result)
  local readable, value = pcall(cjson.decode, redis.call('HGET', K.subject .. subject, field) or '')
  return readable and type(value) == 'table' and value[name] == result
end

-- What follows when a row's state changes: whether the result is open, what the feed tells, and no case outlives the end
-- of its result.
local function row_moved(result, old, state, code, reference, now, case)
  if old == state then return end
  if AT_ITS_END[state] then
    redis.call('ZREM', K.results_open, result)
    if case then redis.call('HDEL', K.ledger .. result, 'case', 'case_job') end
  elseif AT_ITS_END[old] then
    redis.call('ZADD', K.results_open, now, result)
  end
  -- What was told to be at its end and is not any more is told, too: Docebo was found to hold something else.
  if AT_ITS_END[state] or state == 'dead' or AT_ITS_END[old] then
    tell('at', now, 'result', result, 'state', state, 'code', code, 'reference', reference)
  end
end

-- Notes a step in the ledger row of a job's result, if it has one. A row follows the job that carries its result, and
-- one that looks after it only where that job waits for a decision about it, or acts on one.
local function ledger_step(id, s, m, state, step, now, reference)
  if s.result == '' then return end
  local key = K.ledger .. s.result
  local row = redis.call('HMGET', key, 'steps', 'state', 'case_job', 'job')
  if not row[1] or (row[3] ~= id and row[4] ~= id) then return end
  reference = reference or ''
  local line = string.format('{"at_ms":%d,"step":"%s","code":"%s","reference":"%s"}\n', now, step, m.code, reference)
  redis.call('HSET', key, 'state', state, 'code', m.code, 'steps', with_step(row[1], line))
  if row[4] == id then redis.call('HSET', key, 'attempts', m.attempts) end
  if state == 'superseded' then redis.call('HSET', key, 'superseded_by', reference) end
  row_moved(s.result, row[2], state, m.code, reference, now, row[3])
end
