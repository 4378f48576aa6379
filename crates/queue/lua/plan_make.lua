-- Makes a plan of the ids that were stored for it before. Where there are as many as are kept at once, the one goes that
-- was left alone longest, of those of which nothing is under way: never started, or finished and told of.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: plan; 3: redrive | discard; 4: who; 5: what it is about (JSON); 6: how long to keep it in ms;
--       7: most plans; 8: how many ids were stored
-- Returns 'made', 'too_many', or 'incomplete' if the ids are not all there
local now = now_ms(ARGV[1])
local id, keep_ms = ARGV[2], tonumber(ARGV[6])
local most = tonumber(ARGV[7])

local function in_the_way()
  for _, other in ipairs(redis.call('ZRANGE', K.plans, 0, most - 1)) do
    local state = redis.call('HGET', K.plan .. other, 'state')
    local done = state == 'finished' and redis.call('SISMEMBER', K.plans_running, other) == 0
    if not state or state == 'planned' or done then return other end
  end
end

redis.call('ZREMRANGEBYSCORE', K.plans, '-inf', now)
if redis.call('LLEN', K.plan_ids .. id) ~= tonumber(ARGV[8]) then return 'incomplete' end
if redis.call('ZCARD', K.plans) >= most then
  local other = in_the_way()
  if not other then return 'too_many' end
  redis.call('UNLINK', K.plan .. other, K.plan_ids .. other)
  redis.call('ZREM', K.plans, other)
end
redis.call('HSET', K.plan .. id, 'state', 'planned', 'action', ARGV[3], 'made_by', ARGV[4], 'made_ms', now, 'about',
  ARGV[5], 'count', ARGV[8], 'at', 0, 'done', 0, 'skipped', 0)
keep_plan(id, now, keep_ms)
return 'made'
