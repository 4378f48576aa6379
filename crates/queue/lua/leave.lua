-- Signs a worker off. Leases it still holds are left to be reclaimed at once by the others.
-- KEYS  1: data
-- ARGV  1: worker incarnation
-- Returns: leases still held
local worker, held = ARGV[1], 0
for _, lane in ipairs(LANES) do held = held + redis.call('HLEN', running_key(worker, lane)) end
if held == 0 then
  redis.call('ZREM', K.workers, worker)
  redis.call('HDEL', K.worker_info, worker)
  redis.call('HDEL', K.pauses, 'worker:' .. worker)
  redis.call('ZREM', K.pause_ends, 'worker:' .. worker)
else
  redis.call('ZADD', K.workers, 0, worker)
end
return held
