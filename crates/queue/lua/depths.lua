-- How much work is due, and since when. Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: most connectors looked at per lane
-- Returns now in ms; jobs behind another one's key; the time in ms at which the first scheduled job is due, 0 for none;
--       then per lane: ready jobs, and since when the first of them is ready, in ms, 0 for none
local now, last = now_ms(ARGV[1]), tonumber(ARGV[2]) - 1

local function ready_since(id)
  local packed = redis.call('HGET', K.meta, id)
  local m = packed and parse_meta(packed)
  if m then return m.since end
  local s = load_spec(id)
  return s and s.created
end

local function depth(lane)
  local count, oldest = 0, 0
  for _, index in ipairs({ K.turns .. lane, K.holds .. lane }) do
    for _, connector in ipairs(redis.call('ZRANGE', index, 0, last)) do
      local list = ready_list(lane, connector)
      count = count + redis.call('LLEN', list)
      local head = redis.call('LINDEX', list, 0)
      local since = head and ready_since(string.match(head, '^[^|]*'))
      if since and (oldest == 0 or since < oldest) then oldest = since end
    end
  end
  return count, oldest
end

local first = redis.call('ZRANGE', K.scheduled, 0, 0, 'WITHSCORES')
local depths = { now, tonumber(redis.call('GET', K.behind) or '0'), tonumber(first[2] or '0') }
for _, lane in ipairs(LANES) do
  depths[#depths + 1], depths[#depths + 2] = depth(lane)
end
return depths
