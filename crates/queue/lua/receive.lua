-- Stores items of one webhook message, each with its job if there is something to do about it: both or neither. An item
-- that was stored before changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: how long a message is known again, in ms; 3: connector; 4: hash of the message's id; 5: id of
--       the key that sealed the payloads; then per item 5 and the arguments of its job, of which only the id counts where
--       there is none: its place in the message, the event's name, what is known of it (JSON), its payload (sealed),
--       whether there is a job (0/1). A job is about its event: the event's place stands in front of the rest of its data.
-- Returns per item: its place in the stream, or '' if it was stored before
local now = now_ms(ARGV[1])
local known_ms, connector = tonumber(ARGV[2]), ARGV[3]
local seen_key = K.docebo_seen .. connector .. ':' .. ARGV[4]
local ITEM_ARGUMENTS = 5 + JOB_ARGUMENTS
local items, ids = {}, {}
for at = 6, #ARGV, ITEM_ARGUMENTS do
  items[#items + 1] = ARGV[at]
  ids[#ids + 1] = ARGV[at + 5]
end
local seen, taken = {}, taken_among(ids)
for number, received in ipairs(read_all(seen_key, items)) do
  if received and now - tonumber(received) < known_ms then seen[items[number]] = true end
end

local places, stored = {}, {}
for number, item in ipairs(items) do
  local at = 6 + (number - 1) * ITEM_ARGUMENTS
  local id, has_job = ids[number], ARGV[at + 4] == '1'
  if seen[item] or taken[id] then
    places[number] = ''
  else
    seen[item], taken[id] = true, true
    local place = redis.call('XADD', K.docebo_events, '*', 'at', now, 'connector', connector, 'event', ARGV[at + 1],
      'id', id, 'job', ARGV[at + 4], 'known', ARGV[at + 2], 'payload', ARGV[at + 3])
    if has_job then
      local rest = at + 5 + JOB_ARGUMENTS - 1
      ARGV[rest] = '||' .. place .. ARGV[rest]
      insert(at + 5, now)
    end
    stored[#stored + 1] = item
    stored[#stored + 1] = now
    places[number] = place
  end
end
if #stored > 0 then
  write_inserted()
  call_all('HSET', seen_key, stored)
  redis.call('PEXPIREAT', seen_key, now + known_ms)
  redis.call('HSET', K.docebo_keys, ARGV[5], now)
  redis.call('PUBLISH', K.docebo_news, '')
end
return places
