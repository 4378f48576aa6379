-- New jobs.

-- A new job is eight arguments: id, delay_ms, ttl_ms (0: none), lane, connector, key, what stands between its two times
-- in its data, what stands behind them.
local JOB_ARGUMENTS = 8

-- New jobs of this script, written together: a batch costs a few commands and not a few per job.
local new = { data = {}, deadlines = {}, lists = {} }

-- Stores the job that the arguments from `at` on describe; its id is free.
local function insert(at, now)
  local id, delay_ms, ttl_ms = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local lane, connector = ARGV[at + 3], ARGV[at + 4]
  local deadline = ttl_ms > 0 and now + ttl_ms or 0
  local n = #new.data
  new.data[n + 1] = id
  new.data[n + 2] = ARGV[at + 5] .. '|' .. deadline .. ARGV[at + 6] .. now .. ARGV[at + 7]
  if deadline > 0 then
    new.deadlines[#new.deadlines + 1] = deadline
    new.deadlines[#new.deadlines + 1] = id
  end
  if delay_ms > 0 then
    local m = fresh_meta(now)
    m.due = now + delay_ms
    enter(id, m, 'scheduled', now)
    redis.call('ZADD', K.scheduled, m.due, id)
    return
  end
  local list = ready_list(lane, connector)
  local line = new.lists[list]
  if not line then
    line = { lane = lane, connector = connector, entries = {} }
    new.lists[list] = line
  end
  line.entries[#line.entries + 1] = entry_of(id, ARGV[at + 5], deadline)
end

local function write_inserted()
  if #new.data == 0 then return end
  call_all('HSET', K.data, new.data)
  if #new.deadlines > 0 then call_all('ZADD', K.deadlines, new.deadlines) end
  for list, line in pairs(new.lists) do
    call_all('RPUSH', list, line.entries)
    expect_turn(line.lane, line.connector)
  end
end

-- Which of these ids are taken, by a living or a finished job.
local function taken_among(ids)
  local taken, buckets = {}, {}
  for at, data in ipairs(read_all(K.data, ids)) do
    if data then taken[ids[at]] = true end
  end
  for _, id in ipairs(ids) do
    local bucket = bucket_of(id)
    if not buckets[bucket] then buckets[bucket] = {} end
    table.insert(buckets[bucket], id)
  end
  for bucket, members in pairs(buckets) do
    if redis.call('EXISTS', bucket) == 1 then
      for at, record in ipairs(read_all(bucket, members)) do
        if record then taken[members[at]] = true end
      end
    end
  end
  return taken
end
