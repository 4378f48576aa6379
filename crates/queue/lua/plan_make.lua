-- Makes a plan of the ids that were stored for it before.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: plan; 3: redrive | discard; 4: who; 5: what it is about (JSON); 6: how long to keep it in ms;
--       7: most plans; 8: how many ids were stored
-- Returns 'made', 'too_many', or 'incomplete' if the ids are not all there
local now = now_ms(ARGV[1])
local id, keep_ms = ARGV[2], tonumber(ARGV[6])
redis.call('ZREMRANGEBYSCORE', K.plans, '-inf', now)
if redis.call('ZCARD', K.plans) >= tonumber(ARGV[7]) then return 'too_many' end
if redis.call('LLEN', K.plan_ids .. id) ~= tonumber(ARGV[8]) then return 'incomplete' end
redis.call('HSET', K.plan .. id, 'state', 'planned', 'action', ARGV[3], 'made_by', ARGV[4], 'made_ms', now, 'about',
  ARGV[5], 'count', ARGV[8], 'at', 0, 'done', 0, 'skipped', 0)
keep_plan(id, now, keep_ms)
return 'made'
