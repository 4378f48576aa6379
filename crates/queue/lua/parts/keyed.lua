-- Jobs of one serialisation key run one after the other. `keys:busy` names, per key, the job that runs or is next,
-- with a `+` behind its id while others wait in the key's list; `keys:behind` counts all that wait.

local function holder_of(busy)
  return busy and string.sub(busy, 1, ID_CHARS)
end

-- Hands a key to the next in line, so that nobody overtakes it and nobody waits behind a key that is free.
local function pass_key(key, now)
  local next_id = redis.call('LPOP', K.waiting .. key)
  while next_id do
    redis.call('DECR', K.behind)
    local next_spec = load_spec(next_id)
    if next_spec then
      local others = redis.call('EXISTS', K.waiting .. key) == 1 and '+' or ''
      redis.call('HSET', K.busy, key, next_id .. others)
      return push_ready(next_id, next_spec, true)
    end
    entomb(next_id, now)
    next_id = redis.call('LPOP', K.waiting .. key)
  end
  redis.call('HDEL', K.busy, key)
end

-- Frees the serialisation key of a job that leaves.
local function free_key(id, key, now)
  if key == '' then return end
  local busy = redis.call('HGET', K.busy, key)
  if holder_of(busy) == id then pass_key(key, now) end
end

-- Takes a ready job out of whichever list holds it, and its key from it if it had its turn already.
local function drop_ready(id, s, now)
  free_key(id, s.key, now)
  if redis.call('LREM', ready_list(s.lane, s.connector), 1, entry_of(id, s.key, s.deadline)) == 0 and s.key ~= '' then
    if redis.call('LREM', K.waiting .. s.key, 1, id) == 1 then redis.call('DECR', K.behind) end
  end
  leave_if_empty(s.lane, s.connector)
end
