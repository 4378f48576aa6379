-- Stops a plan that runs: nothing more of it is moved.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: plan; 3: who; 4: why; 5: how long to keep it in ms
-- Returns 'stopped', 'same' if it was stopped before, 'not_running', or 'unknown'
local now = now_ms(ARGV[1])
local id = ARGV[2]
local state = redis.call('HGET', K.plan .. id, 'state')
if not state then return 'unknown' end
if state == 'stopped' then return 'same' end
if state ~= 'running' then return 'not_running' end
redis.call('HSET', K.plan .. id, 'state', 'stopped', 'stopped_ms', now, 'stopped_by', ARGV[3], 'stop_reason', ARGV[4])
redis.call('SREM', K.plans_running, id)
keep_plan(id, now, tonumber(ARGV[5]))
return 'stopped'
