-- Sets a plan going, or lets a stopped one go on.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: plan; 3: redrive | discard; 4: jobs per second; 5: who; 6: why; 7: how long to keep it in ms
-- Returns 'started', 'same' if just this was said before, 'running', 'finished', 'other_action', or 'unknown'
local now = now_ms(ARGV[1])
local id = ARGV[2]
local key = K.plan .. id
local plan = redis.call('HMGET', key, 'state', 'action', 'per_second', 'by', 'reason')
if not plan[1] then return 'unknown' end
if plan[2] ~= ARGV[3] then return 'other_action' end
if plan[1] == 'finished' then return 'finished' end
if plan[1] == 'running' then
  return plan[3] == ARGV[4] and plan[4] == ARGV[5] and plan[5] == ARGV[6] and 'same' or 'running'
end
redis.call('HSET', key, 'state', 'running', 'per_second', ARGV[4], 'by', ARGV[5], 'reason', ARGV[6], 'next_ms', now)
redis.call('HSETNX', key, 'started_ms', now)
redis.call('HDEL', key, 'stopped_ms', 'stopped_by', 'stop_reason')
redis.call('SADD', K.plans_running, id)
keep_plan(id, now, tonumber(ARGV[7]))
return 'started'
