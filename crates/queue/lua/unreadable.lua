-- Keeps leased jobs that this version cannot read for a person.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; then ids
-- Returns: how many
local now = now_ms(ARGV[1])
local ids, kept = {}, 0
for at = 3, #ARGV do ids[#ids + 1] = ARGV[at] end
for _, lane in ipairs(LANES) do
  for at, record in ipairs(read_all(running_key(ARGV[2], lane), ids)) do
    if record then
      free_key(ids[at], drop_lease(ARGV[2], lane, ids[at]), now)
      entomb(ids[at], now)
      kept = kept + 1
    end
  end
end
write_running()
return kept
