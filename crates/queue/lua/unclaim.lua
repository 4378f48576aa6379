-- Gives back what a worker was leased without learning of it, because the answer of a claim was lost. Burns nothing.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: worker incarnation; 3: lane; 4: most jobs; then the ids that the worker knows of
-- Returns: jobs given back
local now = now_ms(ARGV[1])
local worker, lane, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local mine = {}
for at = 5, #ARGV do mine[ARGV[at]] = true end
local given_back = 0
local held = redis.call('HKEYS', running_key(worker, lane))
-- Newest first, so that the oldest comes to stand before the others.
table.sort(held, function(one, other) return one > other end)
for _, id in ipairs(held) do
  if given_back >= limit then break end
  if not mine[id] then
    local s, m = load(id)
    local key = drop_lease(worker, lane, id)
    if not s then
      free_key(id, key, now)
      entomb(id, now)
    else
      m.claims = m.claims + 1
      make_ready(id, s, m, now, true)
      given_back = given_back + 1
    end
  end
end
write_running()
return given_back
