-- Gives back what a worker was leased without learning of it, because the answer of a claim was lost. Burns nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: lane; 4: most jobs; then the ids that the worker knows of
-- Returns: jobs given back
local now = now_ms(ARGV[1])
local worker, lane, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local mine = {}
for at = 5, #ARGV do mine[ARGV[at]] = true end
local leases, given_back = running_key(worker, lane), 0
for _, id in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  if given_back >= limit then break end
  if not mine[id] then
    redis.call('ZREM', leases, id)
    local s, m = load(id)
    if not s then entomb(id, now) end
    if s and m.state == 'running' and m.worker == worker then
      m.claims = m.claims + 1
      count_running(s.connector, -1)
      make_ready(id, s, m, now, true)
      given_back = given_back + 1
    end
  end
end
write_running()
return given_back
