-- Has an event reacted to once more, unless a job for it waits or runs.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: the event's place; 3: retention of events in ms; 4: the event's own id, which its first job
--       has; then the arguments of the new job, about its event as in receive.lua
-- Returns: 'queued' or 'waiting', and the job's id
local now = now_ms(ARGV[1])
local key = K.reaction .. ARGV[2]
local before = redis.call('HGET', key, 'job') or ARGV[4]
local s, m = load(before)
if s and m.state ~= 'dead' then return { 'waiting', before } end
local id = ARGV[5]
if taken_among({ id })[id] then return { 'waiting', id } end
local rest = 5 + JOB_ARGUMENTS - 1
ARGV[rest] = '||' .. ARGV[2] .. ARGV[rest]
insert(5, now)
write_inserted()
redis.call('HDEL', key, 'outcome', 'result', 'detail', 'at')
redis.call('HSET', key, 'job', id)
redis.call('PEXPIREAT', key, now + tonumber(ARGV[3]))
return { 'queued', id }
