-- Keeps leased jobs that this version cannot read for a person.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; then ids
-- Returns: how many
local now = now_ms(ARGV[1])
local ids, kept = {}, 0
for at = 3, #ARGV do ids[#ids + 1] = ARGV[at] end
for _, lane in ipairs(LANES) do
  local leases = running_key(ARGV[2], lane)
  for at, record in ipairs(read_all(leases, ids)) do
    local connector, key = tail_of(record)
    if connector then
      redis.call('HDEL', leases, ids[at])
      count_running(connector, lane, -1)
      if holder_of(redis.call('HGET', K.busy, key)) == ids[at] then pass_key(key, now) end
      entomb(ids[at], now)
      kept = kept + 1
    end
  end
end
write_running()
return kept
