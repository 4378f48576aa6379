-- Plans: a set of dead letters, frozen when it was made, and how far a run through it has come. A plan is a hash and a
-- list of ids; both expire when nothing has been done with them for their time.

local function keep_plan(id, now, keep_ms)
  redis.call('PEXPIRE', K.plan .. id, keep_ms)
  redis.call('PEXPIRE', K.plan_ids .. id, keep_ms)
  redis.call('ZADD', K.plans, now + keep_ms, id)
end

-- The note of a move for the history of its job.
local function note_of(outcome, actor, reason, now)
  return string.format('{"outcome":"%s","started_ms":%d,"actor":%s,"reason":%s}', outcome, now, cjson.encode(actor),
    cjson.encode(reason))
end
