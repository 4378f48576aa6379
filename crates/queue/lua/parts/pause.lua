-- Pauses by a person, of `connector:…`, `lane:…` and `worker:…`: `mode|since|until`, a line feed, who and why (JSON).

-- Lets what was paused go on; a connector begins slowly, for nobody knows how it has been meanwhile.
local function end_pause(target, now)
  redis.call('ZREM', K.pause_ends, target)
  if redis.call('HDEL', K.pauses, target) == 0 then return false end
  local kind, name = string.match(target, '^(%a+):(.*)$')
  if kind == 'lane' then signal(name) end
  if kind == 'connector' then
    local g = read_gate(name)
    if not g or g.state == 'open' then start_ramp(name, g, now) end
    release_holds(name)
  end
  return true
end
