-- Moves those jobs of a running plan whose turn has come by its pace, and notes how far it came, all at once: whoever
-- calls this, however often and however many at a time, a plan keeps its pace and counts each of its jobs once.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: plan; 3: most jobs; 4: how long to keep it in ms; 5: for how long one caller has the word to
--       tell of the end in ms; 6: retention of ended jobs in ms
-- Returns what is next, and in how many ms: 'going', 'tell' that it has ended, 'told' by another caller soon, 'over'
local now = now_ms(ARGV[1])
local id, most, tell_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local key = K.plan .. id
-- After a time in which nobody called, no more is caught up with than this.
local MAX_BEHIND_MS = 1000

local names = { 'state', 'action', 'at', 'count', 'per_second', 'next_ms', 'by', 'reason', 'made_ms', 'tell_ms' }
local values, plan = redis.call('HMGET', key, unpack(names)), {}
for at, name in ipairs(names) do plan[name] = values[at] end

-- Whether a job died again, of something else, after it was planned.
local function is_planned(job)
  local died_ms = tonumber(redis.call('ZSCORE', K.dead, job))
  return died_ms and died_ms <= tonumber(plan.made_ms)
end

local function move(jobs)
  local done, retention_ms = 0, tonumber(ARGV[6])
  local outcome = plan.action == 'discard' and 'discarded' or 'redriven'
  local note = note_of(outcome, plan.by, plan.reason, now)
  local how = { retention_ms = retention_ms, note = note, only_dead = true, code = 'discarded' }
  for _, job in ipairs(jobs) do
    if is_planned(job) then
      local verdict
      if outcome == 'discarded' then verdict = discard(job, how, now) else verdict = redrive(job, note, now) end
      if verdict == outcome then done = done + 1 end
    end
  end
  write_ended(now, retention_ms)
  return done
end

local function tell_of_end()
  redis.call('HSET', key, 'tell_ms', now + tell_ms)
  return { 'tell', 0 }
end

if not plan.state or (plan.state ~= 'running' and plan.state ~= 'finished') then
  redis.call('SREM', K.plans_running, id)
  return { 'over', 0 }
end
if plan.state == 'finished' then
  if redis.call('SISMEMBER', K.plans_running, id) == 0 then return { 'over', 0 } end
  local left_ms = (tonumber(plan.tell_ms) or 0) - now
  if left_ms > 0 then return { 'told', left_ms } end
  return tell_of_end()
end

local at, count, per_second = tonumber(plan.at), tonumber(plan.count), tonumber(plan.per_second)
local next_ms = math.max(tonumber(plan.next_ms), now - MAX_BEHIND_MS)
if now < next_ms and at < count then return { 'going', math.ceil(next_ms - now) } end
local jobs = {}
if at < count then
  local due = math.min(most, math.floor((now - next_ms) * per_second / 1000) + 1)
  jobs = redis.call('LRANGE', K.plan_ids .. id, at, at + due - 1)
  -- Ids that are gone cannot be waited for.
  if #jobs == 0 then at = count end
end
local done = move(jobs)
at, next_ms = at + #jobs, next_ms + #jobs * 1000 / per_second
redis.call('HINCRBY', key, 'done', done)
redis.call('HINCRBY', key, 'skipped', #jobs - done)
redis.call('HSET', key, 'at', at, 'next_ms', string.format('%.3f', next_ms))
keep_plan(id, now, tonumber(ARGV[4]))
if at < count then return { 'going', math.max(math.ceil(next_ms - now), 0) } end
redis.call('HSET', key, 'state', 'finished', 'ended_ms', now)
return tell_of_end()
