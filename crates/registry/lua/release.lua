-- Deletes a value only if it is still the one that the caller saw or wrote.
-- KEYS: 1 the value's key
-- ARGV: 1 the value expected
-- Returns: 1 if it was deleted, 0 if there is none or another one.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
