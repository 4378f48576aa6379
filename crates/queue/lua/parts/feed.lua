-- The feed: a stream of what has become of results and checks, read by place; and the news that there is more of it.

-- Adds an event; once a script is enough to wake those who listen.
local rung = false
local function tell(...)
  redis.call('XADD', K.events, '*', ...)
  if rung then return end
  rung = true
  redis.call('PUBLISH', K.news, '')
end

-- Tells those who wait for a check, and the feed, that it has ended.
local function check_ended(id, state, code, now, answer)
  redis.call('PUBLISH', K.ended, id)
  if answer and answer ~= '' then
    tell('at', now, 'check', id, 'state', state, 'code', code, 'answer', answer)
  else
    tell('at', now, 'check', id, 'state', state, 'code', code)
  end
end
