-- What is left of a connector's calls, and what waits for them. Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: connector; 3: how long a call counts, in ms
-- Returns: the time in ms; packed gate or ''; limits or ''; packed pause or ''; calls allowed now; jobs running;
--          per lane 3: calls counted, calls left, ready jobs; then the times of all counted calls in ms
local now = now_ms(ARGV[1])
local connector, window_ms = ARGV[2], tonumber(ARGV[3])
local bucket = 'connector:' .. connector
local limit = calls_allowed(connector, (read_limits(connector)), now)
local answer = { now, redis.call('HGET', K.gates, connector) or '', redis.call('HGET', K.limits, connector) or '',
  redis.call('HGET', K.pauses, 'connector:' .. connector) or '', limit, running_of(connector) }
local used = calls_in(bucket, now, window_ms, true)
for _, lane in ipairs(LANES) do
  local left = calls_left(bucket, limit, lane, now, window_ms, true)
  answer[#answer + 1] = used[lane].calls
  answer[#answer + 1] = left == math.huge and -1 or math.max(0, left)
  answer[#answer + 1] = redis.call('LLEN', ready_list(lane, connector))
end
for _, lane in ipairs(LANES) do
  if used[lane].calls > 0 then
    for _, at in ipairs(redis.call('LRANGE', K.calls .. bucket .. ':' .. lane, -used[lane].calls, -1)) do
      answer[#answer + 1] = at
    end
  end
end
return answer
