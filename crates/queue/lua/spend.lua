-- Asks for one call to Docebo, and counts it if it may be made.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: connector; 3: lane; 4: egress; 5: its calls per hour, 0 for any number; 6: how long a call
--       counts, in ms; 7: 1 if the call is made whatever this says
-- Returns: 'granted' or 'held'; the catalogue code of the reason; the ms to wait before the next try (-1: until
-- somebody acts)
local now = now_ms(ARGV[1])
local connector, lane, window_ms = ARGV[2], ARGV[3], tonumber(ARGV[6])
local g = read_gate(connector)
local anyway = ARGV[7] == '1'
if is_shut(g, now) and not anyway then return { 'held', g.code, g.until_ms > 0 and g.until_ms - now or -1 } end

local limit, rises_at = calls_allowed(connector, (read_limits(connector)), now)
local buckets = {
  { name = 'connector:' .. connector, limit = limit, rises_at = rises_at },
  { name = 'egress:' .. ARGV[4], limit = tonumber(ARGV[5]), rises_at = 0 },
}
for _, bucket in ipairs(buckets) do
  local left, free_at = calls_left(bucket.name, bucket.limit, lane, now, window_ms)
  if left < 1 and not anyway then return { 'held', 'quota_used_up', math.max(sooner(free_at, bucket.rises_at) - now, 1) } end
end
for _, bucket in ipairs(buckets) do
  if bucket.limit > 0 then
    local list = K.calls .. bucket.name .. ':' .. lane
    redis.call('RPUSH', list, now)
    redis.call('PEXPIRE', list, window_ms)
  end
end
return { 'granted', '', 0 }
