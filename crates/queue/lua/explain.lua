-- Says what keeps a ready job from running, by the predicates of the claim. Changes nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: job id; 3: egress; 4: its calls per hour; 5: how long a call counts, in ms
-- Returns: 'gone'; or the blocker's name, catalogue code, since in ms, expected release in ms (0: unknown), detail (a
--          job id, who and why as JSON, or a number), jobs before it
local MAX_AHEAD = 1000
local now, id = now_ms(ARGV[1]), ARGV[2]
local egress = { name = ARGV[3], limit = tonumber(ARGV[4]), window_ms = tonumber(ARGV[5]) }
local s, m = load(id)
if not s then return { 'gone' } end
if m.state ~= 'ready' then return { m.state, m.code, m.since, m.due, m.state == 'parked' and m.wake or m.worker, 0 } end

local function by(name, blocker, detail, ahead)
  return { name, blocker.code or '', blocker.since or 0, blocker.until_ms or 0, detail or '', ahead or 0 }
end

local function paused(target, name)
  local pause = pause_of(target, now)
  local note = pause and redis.call('HGET', K.pauses, target)
  return pause and by(name, pause, string.match(note, '\n(.*)$'))
end

local place = redis.call('LPOS', ready_list(s.lane, s.connector), entry_of(id, s.key, s.deadline), 'MAXLEN', 100000)
-- Behind its key's holder, the job is in no ready list.
local holder = s.key ~= '' and redis.call('HGET', K.busy, s.key)
holder = holder and holder_of(holder)

-- Whether a claim that looks at this job finds that one too late to run, and passes its key on.
local function makes_way(other)
  local os, om = load(other)
  return os and om.state == 'ready' and os.lane == s.lane and os.connector == s.connector and os.deadline > 0
    and os.deadline <= now
end

-- Whether a check gets the key of a job that waits in another lane.
local function yields(other)
  if s.lane ~= 'check' then return false end
  local os, om = load(other)
  return os and om.state == 'ready' and os.lane ~= s.lane
end

-- The job that keeps the key from this one, and how many wait for it before this one.
local function key_taker()
  if not holder or holder == id then return nil end
  if place and yields(holder) then return nil end
  if not makes_way(holder) then return holder, redis.call('LPOS', K.waiting .. s.key, id) or 0 end
  for ahead, other in ipairs(redis.call('LRANGE', K.waiting .. s.key, 0, MAX_AHEAD)) do
    if other == id then return nil end
    if not makes_way(other) then return other, ahead end
  end
end

local key_holder, behind = key_taker()
if key_holder then return by('key', { since = m.since }, key_holder, behind) end
if s.deadline > 0 and s.deadline <= now then return by('deadline', { code = 'deadline_passed', until_ms = now }) end
local stop = paused('lane:' .. s.lane, 'lane_paused') or paused('connector:' .. s.connector, 'connector_paused')
if stop then return stop end

-- Jobs before it that a claim would start, and the one among them that would take its key.
local function jobs_before()
  if not place or place > MAX_AHEAD then return place or 0 end
  local entries = place > 0 and redis.call('LRANGE', ready_list(s.lane, s.connector), 0, place - 1) or {}
  local started, specs, keys, taken = 0, {}, {}, {}
  for _, entry in ipairs(entries) do
    local other, key, deadline = string.match(entry, '^([^|]*)|([^|]*)|?(%d*)$')
    if deadline == '' or tonumber(deadline) > now then
      specs[#specs + 1] = { id = other, key = key }
      keys[#keys + 1] = key
    end
  end
  for at, busy in ipairs(read_all(K.busy, keys)) do
    local key, other = specs[at].key, specs[at].id
    local blocked = key ~= '' and (taken[key] or (busy and holder_of(busy) ~= other and not yields(holder_of(busy))))
    if not blocked then
      started = started + 1
      if key ~= '' then taken[key] = other end
    end
  end
  return started, taken[s.key]
end

local ahead, taker = jobs_before()
if taker then return by('key', { since = m.since }, taker, ahead) end
local room, why = allowance(s.lane, s.connector, now, egress, true)
if room <= ahead and why then return by(why.why, why, why.limit and tostring(why.limit), ahead) end
return by('turn', { since = m.since }, '', ahead)
