-- Walking a sorted set in order, whatever leaves it meanwhile.

-- Whether a text sorts behind another as Redis sorts them: by bytes.
local function is_behind(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = string.byte(one, at), string.byte(other, at)
    if a ~= b then return a > b end
  end
  return #one > #other
end

-- The rank of the first member behind a place, which itself may be gone; an empty member is the beginning.
local function rank_behind(key, score, member)
  if member == '' then return 0 end
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_behind(redis.call('ZRANGE', key, middle, middle)[1], member) then high = middle else low = middle + 1 end
  end
  return low
end
