-- Stores a token if its bringer still has the turn.
-- KEYS: 1 the turn, 2 the token
-- ARGV: 1 the bringer's ticket, 2 the sealed token, 3 its life in ms
-- Returns: 1 if it was stored, 0 if the turn has ended or is somebody else's.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
