-- Releases jobs parked under a wake key, oldest first.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: wake key; 3: most jobs; 4: whether attempts hear of it that run at this moment (0/1)
-- Returns: jobs released
local WOKEN_MS = 3600000
local now = now_ms(ARGV[1])
local index, released = K.wake .. ARGV[2], 0
-- For the attempts that run at this moment and are about to park under this key.
if ARGV[4] == '1' then redis.call('SET', K.woken .. ARGV[2], now, 'PX', WOKEN_MS) end
for _, id in ipairs(redis.call('ZRANGE', index, 0, tonumber(ARGV[3]) - 1)) do
  redis.call('ZREM', index, id)
  local s, m = load(id)
  -- Out of every index: what waited for another event as well waits for neither any more.
  drop_parked(id, m or fresh_meta(now))
  if not s then
    entomb(id, now)
  elseif m.state == 'parked' then
    ledger_step(id, s, m, 'accepted', 'released', now)
    make_ready(id, s, m, now, false)
    released = released + 1
  end
end
return released
